// A socket that libpq owns, registered with the loop.
#pragma once

#include "async/asio.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace db {

namespace asio = async::asio;
using async::awaitable;

// Lets go of the descriptor before libpq closes it. Otherwise its number is reused by a stranger, whose
// registration Asio would then take away in our name.
class borrowed_descriptor {
  public:
    explicit borrowed_descriptor(const asio::any_io_executor& executor)
        : descriptor_(executor) {}
    ~borrowed_descriptor() { let_go(); }
    borrowed_descriptor(const borrowed_descriptor&) = delete;
    borrowed_descriptor& operator=(const borrowed_descriptor&) = delete;

    void borrow(int socket) {
        let_go();
        descriptor_.assign(socket);
    }
    void let_go() noexcept {
        if (descriptor_.is_open())
            descriptor_.release();
    }

    [[nodiscard]] awaitable<void> readable();
    [[nodiscard]] awaitable<void> writable();
    // Returns when it is at least one of the two; true if it can be read.
    [[nodiscard]] awaitable<bool> readable_or_writable();

  private:
    asio::posix::stream_descriptor descriptor_;
};

} // namespace db
