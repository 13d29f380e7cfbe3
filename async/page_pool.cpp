#include "async/page_pool.hpp"

#include <algorithm>

namespace async {

void page_return::operator()(std::byte* memory) const noexcept {
    if (memory != nullptr)
        pool->give_back(memory);
}

page_pool::page_pool(const asio::any_io_executor& executor, std::size_t capacity_bytes)
    : returned_(executor)
    , capacity_(std::max<std::size_t>(capacity_bytes / page_size, 1)) {
    free_.reserve(capacity_); // so that giving back never allocates
}

page_pool::~page_pool() = default;

std::size_t page_pool::capacity_pages() const noexcept {
    const auto taken = (set_aside_ + page_size - 1) / page_size;
    return capacity_ - std::min(taken, capacity_ / 2);
}

void page_pool::set_aside(std::size_t bytes) noexcept {
    set_aside_ += bytes;
    while (!free_.empty() && free_.size() + used_ > capacity_pages())
        free_.pop_back();
}

page page_pool::try_take() {
    return used_ < capacity_pages() ? take_beyond() : page(nullptr, page_return{this});
}

page page_pool::take_beyond() {
    std::unique_ptr<std::byte[]> memory;
    if (free_.empty()) {
        memory = std::make_unique_for_overwrite<std::byte[]>(page_size);
    } else {
        memory = std::move(free_.back());
        free_.pop_back();
    }
    used_peak_ = std::max(used_peak_, ++used_);
    return {memory.release(), page_return{this}};
}

void page_pool::give_back(std::byte* memory) noexcept {
    std::unique_ptr<std::byte[]> owned(memory);
    --used_;
    // What was taken beyond the budget goes back to the system.
    if (free_.size() + used_ < capacity_pages())
        free_.push_back(std::move(owned));
    returned_.notify_all();
}

awaitable<void> page_pool::wait() { return returned_.wait(); }

} // namespace async
