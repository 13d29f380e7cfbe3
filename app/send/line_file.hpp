// A file of events, a JSON object a line, read in its order. All of it blocks: it is called on a helper
// thread.
// Tested by tests/unit/app/send/line_file_test.cpp.
#pragma once

#include "async/descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace app {

// The identity of an unchanged file; of one that has been touched since, the content has to be read.
struct file_state {
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t changed_ns = 0; // since 1970
    std::int64_t touched_ns = 0; // st_ctime: setting the time of change back moves it
    bool operator==(const file_state&) const = default;
};
// nullopt if there is no such file, or if it has no end.
[[nodiscard]] std::optional<file_state> state_of(const std::filesystem::path& path);

// The state of a file at the end of its reading.
enum class file_fate : std::uint8_t {
    whole,     // what was read is still there; there may be more
    shorter,   // it ended before the end that it had
    rewritten, // what was read is gone, or other bytes are in its place
};

// Identifies the file and its content to a server: the same after a restart, different once the file was
// changed. `content_crc` is that of line_file.
[[nodiscard]] std::string identity_of(const std::filesystem::path& path, const file_state& state,
                                      std::uint64_t content_crc);

struct file_line {
    std::uint64_t number = 0; // from 1
    std::string text;         // without the end of the line
    bool too_long = false;    // the text is empty then
};

class line_file {
  public:
    static constexpr std::size_t line_bytes_max = 1'048'576; // as large as an event may be

    // Throws async::error(precondition, refused).
    explicit line_file(const std::filesystem::path& path);

    // The identity when it was opened.
    [[nodiscard]] const file_state& state() const noexcept { return state_; }
    // CRC-64 of the bytes that it had when it was opened. Reads all of them. Throws async::error.
    [[nodiscard]] std::uint64_t content_crc() const;
    // The next line that is not blank, without a byte order mark before it; nullopt at the end. Throws
    // async::error, also for UTF-16.
    [[nodiscard]] std::optional<file_line> next();
    // How many lines were given out so far, and bytes up to the end of the last one.
    [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_ - (buffer_.size() - used_up_); }
    // Call it at the end. Reads everything again, except for a file that was not touched since shortly before
    // it was opened. Throws async::error.
    [[nodiscard]] file_fate fate() const;

  private:
    [[nodiscard]] bool fill();
    [[nodiscard]] std::size_t read_at(std::span<char> into, std::uint64_t offset) const;
    // nullopt if there are fewer.
    [[nodiscard]] std::optional<std::uint64_t> crc_of_first(std::uint64_t bytes) const;

    std::filesystem::path path_;
    async::descriptor file_;
    file_state state_;
    bool touched_lately_ = false; // before it was opened
    std::uint64_t offset_ = 0;
    std::uint64_t crc_ = 0; // of what was read
    std::uint64_t lines_ = 0;
    std::string buffer_;
    std::size_t used_up_ = 0; // of the buffer
};

} // namespace app
