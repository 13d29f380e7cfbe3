// A socket that libpq owns, registered with the loop.
#pragma once

#include "async/asio.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace db {

namespace asio = async::asio;
using async::awaitable;

// Lets go of the descriptor before libpq closes it. Otherwise its number is reused by another descriptor,
// whose registration Asio would then remove on our behalf.
class borrowed_descriptor {
  public:
    explicit borrowed_descriptor(const asio::any_io_executor& executor)
        : descriptor_(executor)
        , gathering_(executor) {}
    ~borrowed_descriptor() { let_go(); }
    borrowed_descriptor(const borrowed_descriptor&) = delete;
    borrowed_descriptor& operator=(const borrowed_descriptor&) = delete;

    void borrow(int socket) {
        let_go();
        descriptor_.assign(socket);
        low_water_mark_ = 1; // socket(7): "initialized to 1"
    }
    void let_go() noexcept {
        if (descriptor_.is_open())
            descriptor_.release();
    }

    [[nodiscard]] awaitable<void> readable();
    // Returns once `bytes` can be read, or fewer have waited for `patience`. A sender of many small pieces
    // then wakes us once for all of them; without help from the kernel (a Unix socket, an old system) it is
    // as `readable`.
    [[nodiscard]] awaitable<void> readable_in_bulk(int bytes, std::chrono::microseconds patience);
    [[nodiscard]] awaitable<void> writable();
    // Returns when it is at least one of the two; true if it can be read.
    [[nodiscard]] awaitable<bool> readable_or_writable();

  private:
    void set_low_water_mark(int bytes);

    asio::posix::stream_descriptor descriptor_;
    asio::steady_timer gathering_;
    int low_water_mark_ = 1;
};

} // namespace db
