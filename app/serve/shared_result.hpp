// What is made on request, once for all requests that came before its making began: many requests at once
// cost two makings at most. No request gets a result that was older than `lifetime` when it came.
// Tested by tests/unit/app/serve/shared_result_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/mutex.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace app {

template <class T>
class shared_result {
  public:
    using make_function = std::function<async::awaitable<T>()>;

    shared_result(const async::asio::any_io_executor& executor, make_function make,
                  std::chrono::milliseconds lifetime = std::chrono::milliseconds(0))
        : make_(std::move(make))
        , lifetime_(lifetime)
        , making_(executor) {}

    // Throws the failure to the request that it was made for; the other requests try again.
    [[nodiscard]] async::awaitable<std::shared_ptr<const T>> get() {
        const auto wanted = begun_ + 1;
        const auto making = co_await making_.lock();
        if (finished_ < wanted && fresh_until_.passed()) {
            const auto number = ++begun_;
            auto made = co_await make_();
            latest_ = std::make_shared<const T>(std::move(made));
            finished_ = number;
            fresh_until_ = async::deadline::after(lifetime_);
        }
        co_return latest_;
    }

  private:
    make_function make_;
    std::chrono::milliseconds lifetime_;
    async::mutex making_;
    std::shared_ptr<const T> latest_;
    std::uint64_t begun_ = 0;
    std::uint64_t finished_ = 0; // the number of the latest
    async::deadline fresh_until_{async::deadline::clock::time_point::min()};
};

using shared_document = shared_result<std::string>;

} // namespace app
