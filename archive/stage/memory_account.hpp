// What staging takes of the memory budget for what lies outside the pages of the pool: what is known of
// files, and rows that are compared with them. All of it is given back at the end.
// Tested by tests/unit/archive/stage/staging_test.cpp.
#pragma once

#include "async/page_pool.hpp"

#include <cstddef>

namespace archive {

class memory_account {
  public:
    // The pool must outlive it.
    explicit memory_account(async::page_pool& pages) noexcept
        : pages_(pages) {}
    ~memory_account() { pages_.take_back(files_ + rows_); }
    memory_account(const memory_account&) = delete;
    memory_account& operator=(const memory_account&) = delete;

    void take_for_files(std::size_t bytes) noexcept {
        pages_.set_aside(bytes);
        files_ += bytes;
    }
    void take_for_rows(std::size_t bytes) noexcept {
        pages_.set_aside(bytes);
        rows_ += bytes;
    }
    void give_back_of_rows(std::size_t bytes) noexcept {
        pages_.take_back(bytes);
        rows_ -= bytes;
    }
    // Rows that are compared get half of the budget. How many files the folder has does not limit them.
    [[nodiscard]] bool has_room_for_rows(std::size_t bytes = 0) const noexcept {
        return rows_ + bytes <= pages_.budget_bytes() / 2;
    }

  private:
    async::page_pool& pages_;
    std::size_t files_ = 0;
    std::size_t rows_ = 0;
};

} // namespace archive
