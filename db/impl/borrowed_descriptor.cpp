#include "db/impl/borrowed_descriptor.hpp"

#include "async/error.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace db {

namespace experimental = asio::experimental;
using asio::posix::descriptor_base;

awaitable<void> borrowed_descriptor::readable() {
    co_await descriptor_.async_wait(descriptor_base::wait_read, asio::use_awaitable);
}

awaitable<void> borrowed_descriptor::writable() {
    co_await descriptor_.async_wait(descriptor_base::wait_write, asio::use_awaitable);
}

awaitable<bool> borrowed_descriptor::readable_or_writable() {
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
