// The file of an export before it has its name, and its lock, which tells other processes that it is in use.
// All of it blocks. Private to this room.
// Tested by tests/fault/test_export_directories.py.
#pragma once

#include "async/descriptor.hpp"
#include "async/error.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace exports {

// The error for a file that an export in progress needs. async::failure::temporary: nothing was deleted, and
// the next run can succeed.
[[nodiscard]] async::error removed_before_commit(const std::filesystem::path& path);

// A new file, locked from its creation to `release`: if it is found unlocked, its writer is gone.
class part_file {
  public:
    // Throws async::error, also if there is such a file.
    explicit part_file(std::filesystem::path path);

    void append(std::span<const std::byte> bytes);
    // Ends the writing: the bytes are durable, and the writing descriptor is closed, because some file
    // systems store the bytes no sooner. The lock goes over to a descriptor that only reads. Throws
    // async::error.
    void finish();
    // Call it once the file is finished. Throws removed_before_commit if somebody has removed, replaced or
    // changed it.
    void must_stand() const;
    // Gives up the lock.
    void release() noexcept { (void)file_.close(); }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  private:
    std::filesystem::path path_;
    async::descriptor file_;
    std::uint64_t bytes_ = 0;
};

// A look at the lock of a file that a part_file wrote. If its writer is gone, the look holds the lock itself.
class part_lock {
  public:
    explicit part_lock(const std::filesystem::path& path);
    // True if the writer is gone, or if there is no such file.
    [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }
    // True if a process holds the lock. On a file system without locks, both are false.
    [[nodiscard]] bool held() const noexcept { return held_; }

  private:
    async::descriptor file_;
    bool abandoned_ = false;
    bool held_ = false;
};

} // namespace exports
