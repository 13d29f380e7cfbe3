// The part of a row that has arrived. It grows in place where the kernel can move its pages: a string's old
// and new copy together would be twice the row.
// Tested by tests/unit/csv/row_scanner_test.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace csv {

class row_buffer {
  public:
    [[nodiscard]] std::string_view text() const noexcept { return {bytes_.get(), size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    void append(std::string_view more) {
        if (more.empty())
            return;
        if (capacity_ - size_ < more.size())
            grow(size_ + more.size());
        std::memcpy(bytes_.get() + size_, more.data(), more.size());
        size_ += more.size();
    }
    // Empties it; the memory of a very long row is given back.
    void clear() noexcept {
        size_ = 0;
        if (capacity_ <= kept_max)
            return;
        bytes_.reset();
        capacity_ = 0;
    }

  private:
    static constexpr std::size_t kept_max = std::size_t{64} * 1024;
    struct release {
        void operator()(char* bytes) const noexcept { std::free(bytes); }
    };

    void grow(std::size_t wanted) {
        const auto capacity = std::max({wanted, capacity_ + capacity_ / 2, std::size_t{256}});
        auto* const moved = static_cast<char*>(std::realloc(bytes_.get(), capacity));
        if (moved == nullptr)
            throw std::bad_alloc();
        (void)bytes_.release();
        bytes_.reset(moved);
        capacity_ = capacity;
    }

    std::unique_ptr<char, release> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace csv
