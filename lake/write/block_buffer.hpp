// A block on its way to the lake: bytes in pages of the pool, checksummed while they are still in the cache,
// sent from where they lie.
#pragma once

#include "async/page_pool.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace lake {

class block_buffer {
  public:
    explicit block_buffer(async::page_pool& pool) noexcept
        : pool_(&pool) {}

    // Appends all of `bytes`, or nothing and returns false if the pool has too few pages left.
    [[nodiscard]] bool try_append(std::string_view bytes);
    // Appends all of `bytes`, beyond the budget if necessary.
    void append_beyond(std::string_view bytes);
    // Pages that appending this many bytes takes at most.
    [[nodiscard]] static constexpr std::size_t pages_at_most(std::size_t bytes) noexcept {
        return bytes / async::page_size + 1;
    }

    // Hands over all bytes in order and gives each page back as soon as it has been read.
    void drain(const std::function<void(std::span<const std::byte>)>& sink);

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    // The checksum of all bytes so far. The next append may follow.
    [[nodiscard]] std::uint64_t crc();
    // Valid until the next append.
    [[nodiscard]] std::vector<std::span<const std::byte>> pieces() const;

  private:
    void copy(std::string_view bytes);
    [[nodiscard]] std::size_t room_in_last_page() const noexcept;

    async::page_pool* pool_;
    std::vector<async::page> pages_;
    std::uint64_t size_ = 0;
    std::uint64_t summed_ = 0; // bytes that crc_ covers
    std::uint64_t crc_ = 0;
};

} // namespace lake
