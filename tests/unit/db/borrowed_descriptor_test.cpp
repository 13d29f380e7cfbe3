#include "async/error.hpp"
#include "db/impl/borrowed_descriptor.hpp"
#include "tests/support/loop_fixture.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <string>
#include <sys/socket.h>

namespace {

using namespace std::chrono_literals;
using async::awaitable;
using boost::asio::ip::tcp;

constexpr int bulk = 32 * 1024;

// One end of a TCP connection is read by its descriptor, as libpq's is; the other is written to.
class borrowed_descriptor_test : public test_support::loop_test {
  protected:
    borrowed_descriptor_test() {
        tcp::acceptor acceptor(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
        server_.connect(acceptor.local_endpoint());
        client_ = acceptor.accept(io_).release(); // out of the loop, into which the descriptor puts it again
        descriptor_.borrow(client_);
    }
    ~borrowed_descriptor_test() override {
        descriptor_.let_go();
        ::close(client_);
    }

    void send(std::size_t bytes) {
        boost::asio::write(server_, boost::asio::buffer(std::string(bytes, 'x')));
    }

    [[nodiscard]] int low_water_mark() const {
        int mark = 0;
        socklen_t size = sizeof(mark);
        EXPECT_EQ(::getsockopt(client_, SOL_SOCKET, SO_RCVLOWAT, &mark, &size), 0);
        return mark;
    }

    // Until the wait has returned; what it threw is thrown again.
    void await_end(const test_support::background& wait) {
        io_.restart();
        while (!wait.ended())
            io_.run_one();
        if (wait.failed())
            std::rethrow_exception(wait.failed());
    }

    tcp::socket server_{io_};
    int client_ = -1;
    db::borrowed_descriptor descriptor_{io_.get_executor()};
};

TEST_F(borrowed_descriptor_test, is_readable_in_bulk_only_once_enough_bytes_have_arrived) {
    const test_support::background wait(io_, descriptor_.readable_in_bulk(bulk, 1h));
    settle();
    EXPECT_FALSE(wait.ended());
    send(bulk / 2);
    settle();
    EXPECT_FALSE(wait.ended());
    send(bulk / 2);
    await_end(wait);
}

TEST_F(borrowed_descriptor_test, is_readable_in_bulk_if_enough_bytes_were_there_before) {
    send(bulk);
    const test_support::background wait(io_, descriptor_.readable_in_bulk(bulk, 1h));
    await_end(wait);
}

TEST_F(borrowed_descriptor_test, makes_do_with_less_after_a_while) {
    const test_support::background wait(io_, descriptor_.readable_in_bulk(bulk, 1ms));
    settle(); // what came before is reported in any case
    send(1);
    await_end(wait);
    EXPECT_EQ(low_water_mark(), 1);
}

TEST_F(borrowed_descriptor_test, waits_on_for_the_first_byte_after_a_while_in_which_none_came) {
    const test_support::background wait(io_, descriptor_.readable_in_bulk(bulk, 1ms));
    while (low_water_mark() != 1)
        io_.run_one();
    settle();
    EXPECT_FALSE(wait.ended());
    send(1);
    await_end(wait);
}

TEST_F(borrowed_descriptor_test, is_readable_in_bulk_when_the_server_has_gone) {
    const test_support::background wait(io_, descriptor_.readable_in_bulk(bulk, 1h));
    settle();
    EXPECT_FALSE(wait.ended());
    server_.close();
    await_end(wait);
}

TEST_F(borrowed_descriptor_test, is_readable_by_the_byte_after_it_was_in_bulk) {
    send(bulk);
    const test_support::background wait(io_, descriptor_.readable_in_bulk(bulk, 1h));
    await_end(wait);
    EXPECT_EQ(low_water_mark(), bulk);
    std::string read(bulk, '\0');
    ASSERT_EQ(::recv(client_, read.data(), read.size(), MSG_WAITALL), bulk);

    const test_support::background next(io_, descriptor_.readable());
    send(1);
    await_end(next);
}

TEST_F(borrowed_descriptor_test, can_be_cancelled_while_it_gathers) {
    test_support::background wait(io_, descriptor_.readable_in_bulk(bulk, 1h));
    settle();
    wait.cancel();
    EXPECT_THROW(await_end(wait), boost::system::system_error);
}

TEST_F(borrowed_descriptor_test, ends_its_wait_when_it_is_let_go) {
    const test_support::background wait(io_, descriptor_.readable_in_bulk(bulk, 1h));
    settle();
    EXPECT_FALSE(wait.ended());
    descriptor_.let_go();
    try {
        await_end(wait);
        FAIL() << "the wait came to an end of its own";
    } catch (const boost::system::system_error& failed) {
        EXPECT_EQ(failed.code(), boost::asio::error::operation_aborted);
    }
}

} // namespace
