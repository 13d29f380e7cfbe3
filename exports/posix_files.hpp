// Files that must outlive a crash of the machine. All of it blocks: it is called on a helper thread. Private
// to this room.
#pragma once

#include "async/error.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace exports {

// "writing '/exported-data/…': No space left on device": temporary for a full disk, refused for a lack of
// permission, else a precondition.
[[nodiscard]] async::error file_error(int reason, std::string_view doing, const std::filesystem::path& path);

// A new file, locked for as long as this object lives: if it is found unlocked, its writer is gone.
class part_file {
  public:
    // Throws async::error, also if there is such a file.
    explicit part_file(std::filesystem::path path);
    ~part_file();
    part_file(const part_file&) = delete;
    part_file& operator=(const part_file&) = delete;

    void append(std::span<const std::byte> bytes);
    // No more bytes: they are safe, and the file is closed, for there are file systems that store what they
    // were given no sooner, and some that do not rename an open file. Gives up the lock.
    void finish();
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  private:
    std::filesystem::path path_;
    int descriptor_;
    std::uint64_t bytes_ = 0;
};

// False if another process holds the lock of a part_file. True also if there is no such file.
[[nodiscard]] bool is_abandoned(const std::filesystem::path& path);

// The file appears whole, and stays.
void write_safely(const std::filesystem::path& path, std::string_view text);
// The content of a small file; nothing if it is not there.
[[nodiscard]] std::optional<std::string> read_small(const std::filesystem::path& path);

// What is not there is as good as removed.
void remove_file(const std::filesystem::path& path);
// Makes entries of the directory that were added, renamed or removed last.
void sync_directory(const std::filesystem::path& directory);

} // namespace exports
