#include "async/race.hpp"
#include "http/client/connect.hpp"
#include "tests/unit/http/client/loop.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <array>
#include <sys/socket.h>

namespace http {
namespace {

using boost::asio::ip::tcp;

class connecting_test : public ::testing::Test {
  protected:
    tcp::endpoint connected_to(std::vector<tcp::endpoint> candidates) {
        tcp::socket socket(loop);
        http::rig::run(loop, connect_to_first(socket, std::move(candidates),
                                              async::deadline::after(std::chrono::seconds(30))));
        return socket.remote_endpoint();
    }

    boost::asio::io_context loop{1};
    tcp::acceptor alive{loop, {boost::asio::ip::address_v4::loopback(), 0}};
};

// Its queue of connections is full, so that further ones get no answer: as from a host that is gone.
class silent_server {
  public:
    explicit silent_server(boost::asio::io_context& loop)
        : acceptor_(loop)
        , waiting_{tcp::socket(loop), tcp::socket(loop), tcp::socket(loop), tcp::socket(loop)} {
        acceptor_.open(tcp::v4());
        acceptor_.bind({boost::asio::ip::address_v4::loopback(), 0});
        acceptor_.listen(0);
        for (auto& socket : waiting_) {
            socket.open(tcp::v4());
            socket.native_non_blocking(true);
            const auto to = acceptor_.local_endpoint();
            (void)::connect(socket.native_handle(), to.data(),
                            static_cast<socklen_t>(to.size())); // in progress
        }
    }
    [[nodiscard]] tcp::endpoint address() const { return acceptor_.local_endpoint(); }

  private:
    tcp::acceptor acceptor_;
    std::array<tcp::socket, 4> waiting_;
};

TEST_F(connecting_test, passes_over_an_address_that_does_not_answer) {
    const silent_server gone(loop);
    EXPECT_EQ(connected_to({gone.address(), alive.local_endpoint()}), alive.local_endpoint());
}

TEST_F(connecting_test, passes_over_an_address_that_refuses) {
    tcp::acceptor closed(loop, {boost::asio::ip::address_v4::loopback(), 0});
    const auto nobody = closed.local_endpoint();
    closed.close();
    EXPECT_EQ(connected_to({nobody, nobody, alive.local_endpoint()}), alive.local_endpoint());
    EXPECT_THROW((void)connected_to({nobody, nobody}), boost::system::system_error);
}

TEST_F(connecting_test, ends_with_its_time_if_no_address_answers) {
    const silent_server gone(loop);
    tcp::socket socket(loop);
    try {
        http::rig::run(loop, connect_to_first(socket, {gone.address(), gone.address()},
                                              async::deadline::after(std::chrono::milliseconds(50))));
        FAIL() << "connected";
    } catch (const async::error& late) {
        EXPECT_EQ(late.message(), "timed out waiting for connect");
    }
}

} // namespace
} // namespace http
