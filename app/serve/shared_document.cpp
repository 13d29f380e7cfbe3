#include "app/serve/shared_document.hpp"

namespace app {

async::awaitable<std::shared_ptr<const std::string>> shared_document::get() {
    const auto wanted = begun_ + 1;
    const auto making = co_await making_.lock();
    if (finished_ < wanted) {
        const auto number = ++begun_;
        auto made = co_await make_();
        latest_ = std::make_shared<const std::string>(std::move(made));
        finished_ = number;
    }
    co_return latest_;
}

} // namespace app
