// The memory budget: every row on its way through the program lies in pages of one pool, so memory is bounded
// by a setting and not by rows, days or file size. The pool running dry is what throttles the readers.
#pragma once

#include "async/asio.hpp"
#include "async/condition.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace async {

inline constexpr std::size_t page_size = std::size_t{16} * 1024;

class page_pool;

// Gives the page back to its pool.
struct page_return {
    page_pool* pool = nullptr;
    void operator()(std::byte* memory) const noexcept;
};
using page = std::unique_ptr<std::byte[], page_return>;

class page_pool {
  public:
    page_pool(const asio::any_io_executor& executor, std::size_t capacity_bytes);
    ~page_pool();
    page_pool(const page_pool&) = delete;
    page_pool& operator=(const page_pool&) = delete;

    // A page, or null when the budget is used up.
    [[nodiscard]] page try_take();
    // A page beyond the budget: for the one row that is larger than all of it.
    [[nodiscard]] page take_beyond();
    // Returns once a page has been given back, or `wake_waiters` was called, since this call began.
    [[nodiscard]] awaitable<void> wait();
    void wake_waiters() { returned_.notify_all(); }
    // Takes part of the budget for what lies outside the pool, and gives it back. Pages keep at least half.
    void set_aside(std::size_t bytes) noexcept;
    void take_back(std::size_t bytes) noexcept { set_aside_ -= bytes; }

    [[nodiscard]] std::size_t capacity_pages() const noexcept;
    // Pages that `try_take` would give now.
    [[nodiscard]] std::size_t pages_left() const noexcept {
        const auto capacity = capacity_pages();
        return capacity - std::min(used_, capacity);
    }
    // All of the budget, what is set aside included.
    [[nodiscard]] std::size_t budget_bytes() const noexcept { return capacity_ * page_size; }
    [[nodiscard]] std::size_t used_pages() const noexcept { return used_; }
    [[nodiscard]] std::size_t used_pages_peak() const noexcept { return used_peak_; }

  private:
    friend struct page_return;
    void give_back(std::byte* memory) noexcept;

    std::vector<std::unique_ptr<std::byte[]>> free_;
    condition returned_;
    std::size_t capacity_;      // with nothing set aside
    std::size_t set_aside_ = 0; // bytes
    std::size_t used_ = 0;
    std::size_t used_peak_ = 0;
};

} // namespace async
