// Takes rows as COPY sends them, counts and compresses them, and writes blocks into a draft. It holds one
// block and a piece of text, however large the file becomes.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "csv/gzip.hpp"
#include "csv/row_scanner.hpp"
#include "exports/sink/sink.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exports {

class file_writer {
  public:
    enum class counting : std::uint8_t {
        rows,    // at the ends that the text has
        messages // of the server, which sends each row in one (PostgreSQL documentation, 55.2.6)
    };

    // `target` must outlive the writer.
    file_writer(draft& target, counting how);

    // Takes what the server sent in one message. Throws csv::malformed.
    void add(std::string_view message);
    // True if a block is full: await `write` before the next `add`.
    [[nodiscard]] bool full() const noexcept { return block_.size() >= block_size_; }
    [[nodiscard]] awaitable<void> write();
    // After the last row.
    [[nodiscard]] awaitable<void> finish();

    // The header included.
    [[nodiscard]] std::uint64_t lines() const noexcept { return scanner_ ? scanner_->rows() : messages_; }
    [[nodiscard]] std::uint64_t csv_bytes() const noexcept { return member_.size; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t crc() const noexcept { return crc_; } // CRC-64 of the stored bytes

  private:
    void compress();

    draft& target_;
    std::optional<csv::row_scanner> scanner_;
    std::uint64_t messages_ = 0;
    std::string text_;
    csv::gzip_compressor compressor_;
    csv::gzip_member member_;
    csv::gzip_compressor::byte_sink store_;
    std::vector<std::byte> block_;
    std::size_t block_size_;
    std::uint64_t bytes_ = 0;
    std::uint64_t crc_ = 0;
};

} // namespace exports
