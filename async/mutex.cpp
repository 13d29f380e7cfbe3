#include "async/mutex.hpp"

namespace async {

mutex::guard::guard(mutex& owner) noexcept
    : owner_(&owner) {
    owner.held_ = true;
}

mutex::guard::~guard() {
    if (owner_ == nullptr)
        return;
    owner_->held_ = false;
    owner_->released_.notify_all();
}

awaitable<mutex::guard> mutex::lock() {
    while (held_)
        co_await released_.wait();
    co_return guard(*this);
}

} // namespace async
