#include "lake/write/block_buffer.hpp"

#include "azure/blob/crc64.hpp"

#include <algorithm>
#include <cstring>

namespace lake {

using async::page_size;

std::size_t block_buffer::room_in_last_page() const noexcept { return pages_.size() * page_size - size_; }

bool block_buffer::try_append(std::string_view bytes) {
    // All pages are taken first, so that a row is appended whole or not at all.
    const auto had = pages_.size();
    while (room_in_last_page() < bytes.size()) {
        auto page = pool_->try_take();
        if (!page) {
            pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(had), pages_.end());
            return false;
        }
        pages_.push_back(std::move(page));
    }
    copy(bytes);
    return true;
}

void block_buffer::append_beyond(std::string_view bytes) {
    while (room_in_last_page() < bytes.size())
        pages_.push_back(pool_->take_beyond());
    copy(bytes);
}

void block_buffer::copy(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto within = size_ % page_size;
        const auto part = std::min(bytes.size(), page_size - within);
        std::memcpy(pages_[size_ / page_size].get() + within, bytes.data(), part);
        bytes.remove_prefix(part);
        size_ += part;
        if (size_ % page_size == 0)
            (void)crc(); // the page is full and still in the cache
    }
}

void block_buffer::drain(const std::function<void(std::span<const std::byte>)>& sink) {
    const auto spans = pieces();
    for (std::size_t index = 0; index < spans.size(); ++index) {
        sink(spans[index]);
        pages_[index].reset();
    }
    pages_.clear();
    size_ = summed_ = crc_ = 0;
}

std::uint64_t block_buffer::crc() {
    while (summed_ < size_) {
        const auto within = summed_ % page_size;
        const auto part = std::min<std::uint64_t>(size_ - summed_, page_size - within);
        crc_ =
            azure::crc64(crc_, {pages_[summed_ / page_size].get() + within, static_cast<std::size_t>(part)});
        summed_ += part;
    }
    return crc_;
}

std::vector<std::span<const std::byte>> block_buffer::pieces() const {
    std::vector<std::span<const std::byte>> spans;
    spans.reserve(pages_.size());
    for (std::uint64_t from = 0; from < size_; from += page_size)
        spans.emplace_back(pages_[from / page_size].get(),
                           static_cast<std::size_t>(std::min<std::uint64_t>(page_size, size_ - from)));
    return spans;
}

} // namespace lake
