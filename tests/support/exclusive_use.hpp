// Something that the tests of several processes share, a schema or a topic of a server, is used by one of
// them at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

namespace test_support {

// Held as long as it lives. A socket of the abstract namespace: it goes with its process, and leaves no file.
class exclusive_use {
  public:
    explicit exclusive_use(std::string_view name) {
        using boost::asio::local::stream_protocol;
        const stream_protocol::endpoint place(std::string(1, '\0') + "event-archiver-test-" +
                                              std::string(name));
        holder_.open(stream_protocol());
        boost::system::error_code taken;
        while (holder_.bind(place, taken))
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }

  private:
    boost::asio::io_context io_;
    boost::asio::local::stream_protocol::acceptor holder_{io_};
};

} // namespace test_support
