#include "app/serve/shared_document.hpp"

namespace app {

async::awaitable<std::shared_ptr<const std::string>> shared_document::get() {
    const auto wanted = begun_ + 1;
    while (finished_ < wanted) {
        if (at_work_)
            co_await made_.wait();
        else
            co_await make_one();
    }
    co_return latest_;
}

async::awaitable<void> shared_document::make_one() {
    struct mark {
        shared_document& owner;
        explicit mark(shared_document& one)
            : owner(one) {
            owner.at_work_ = true;
        }
        mark(const mark&) = delete;
        mark& operator=(const mark&) = delete;
        ~mark() {
            owner.at_work_ = false;
            owner.made_.notify_all();
        }
    } const working(*this);
    const auto number = ++begun_;
    auto made = co_await make_();
    latest_ = std::make_shared<const std::string>(std::move(made));
    finished_ = number;
}

} // namespace app
