#include "db/impl/borrowed_descriptor.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <sys/socket.h>

namespace db {

namespace experimental = asio::experimental;
using asio::posix::descriptor_base;

// SO_RCVLOWAT, socket(7): since Linux 2.6.28 "select(2) and poll(2) indicate a socket as readable only if at
// least SO_RCVLOWAT bytes are available". A full window or an ended stream is indicated in any case
// (tcp_epollin_ready and tcp_poll of the kernel). Where the option is refused, one byte is enough, as before.
void borrowed_descriptor::set_low_water_mark(int bytes) {
    if (low_water_mark_ == bytes)
        return;
    static_cast<void>(
        ::setsockopt(descriptor_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)));
    low_water_mark_ = bytes;
}

awaitable<void> borrowed_descriptor::readable() {
    set_low_water_mark(1);
    co_await descriptor_.async_wait(descriptor_base::wait_read, asio::use_awaitable);
}

awaitable<void> borrowed_descriptor::readable_in_bulk(int bytes, std::chrono::microseconds patience) {
    set_low_water_mark(bytes);
    gathering_.expires_after(patience);
    auto group =
        experimental::make_parallel_group(descriptor_.async_wait(descriptor_base::wait_read, asio::deferred),
                                          gathering_.async_wait(asio::deferred));
    auto [order, read_failed, timer_failed] =
        co_await group.async_wait(experimental::wait_for_one(), asio::use_awaitable);
    if (!read_failed)
        co_return;
    // The group has no error of its own: a cancellation from outside shows as both having failed.
    if (timer_failed || order[0] == 0 || !descriptor_.is_open())
        throw boost::system::system_error(read_failed);
    co_await readable();
}

awaitable<void> borrowed_descriptor::writable() {
    co_await descriptor_.async_wait(descriptor_base::wait_write, asio::use_awaitable);
}

awaitable<bool> borrowed_descriptor::readable_or_writable() {
    set_low_water_mark(1);
    auto group = experimental::make_parallel_group(
        descriptor_.async_wait(descriptor_base::wait_read, asio::deferred),
        descriptor_.async_wait(descriptor_base::wait_write, asio::deferred));
    auto [order, read_failed, write_failed] =
        co_await group.async_wait(experimental::wait_for_one(), asio::use_awaitable);
    // The group has no error of its own: a cancellation from outside shows as both having failed.
    if (read_failed && write_failed)
        throw boost::system::system_error(read_failed);
    co_return !read_failed;
}

} // namespace db
