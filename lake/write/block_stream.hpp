// Bytes in, staged blocks of one blob out, one after another: for code that copies one file at a time. Its
// one open block lies in pages of the pool.
// Tested by tests/integration/test_foreign_files.py.
#pragma once

#include "async/asio.hpp"
#include "azure/blob/block_id.hpp"
#include "lake/folder/block_room.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/write/block_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lake {

class block_stream {
  public:
    // `files` and `pages` must outlive the stream. `nonce`: at least 56 hex digits. `encryption_scope`: that
    // of the block list to come. `id_length`: as in azure::block_ids.
    block_stream(file_store& files, async::page_pool& pages, std::string name, std::string nonce,
                 std::string encryption_scope, std::size_t id_length = azure::block_ids::raw_length_default);

    [[nodiscard]] async::awaitable<void> write(std::span<const std::byte> bytes);
    // Call at the end of the bytes.
    [[nodiscard]] async::awaitable<void> finish();

    [[nodiscard]] const std::vector<std::string>& ids() const noexcept { return ids_; } // in order
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t crc() const noexcept { return crc_; }

  private:
    file_store& files_;
    async::page_pool& pages_;
    std::string name_;
    std::string encryption_scope_;
    azure::block_ids next_id_;
    block_buffer open_;
    std::vector<std::string> ids_;
    std::uint64_t bytes_ = 0;
    std::uint64_t crc_ = 0;
};

} // namespace lake
