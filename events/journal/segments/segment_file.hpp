// A segment file and its directory, as the operating system sees them. All of it blocks: it is called on a
// helper thread. Throws file_failure for what the disk refuses.
// Tested by tests/unit/events/journal/segments/failing_disk_test.cpp.
#pragma once

#include "events/journal/error.hpp"
#include "events/journal/segments/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace events {

// What a call said: errno, the call, the file.
class file_failure : public std::runtime_error {
  public:
    file_failure(int reason, std::string_view doing, const std::filesystem::path& path);
    [[nodiscard]] int reason() const noexcept { return reason_; }
    [[nodiscard]] bool no_room() const noexcept;       // ENOSPC, EDQUOT, EFBIG
    [[nodiscard]] bool no_descriptor() const noexcept; // EMFILE, ENFILE

  private:
    int reason_;
};

// For file_failure::no_descriptor().
[[nodiscard]] journal_error too_many_files();

// A file_failure as an async::error: for a missing permission, a lack of room, or a fault of the disk. Any
// other exception passes unchanged.
[[noreturn]] void rethrow_as_journal_error(const std::exception_ptr& failed);

class file_handle {
  public:
    // create_new: it was not there. directory: to be synced.
    enum class mode : std::uint8_t { read, write, create, create_new, directory };

    file_handle() = default;
    file_handle(std::filesystem::path path, mode how);
    ~file_handle();
    file_handle(file_handle&& other) noexcept;
    file_handle& operator=(file_handle&& other) noexcept;

    [[nodiscard]] bool open() const noexcept { return number_ >= 0; }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::uint64_t size() const;

    // At most `bytes_max` bytes from `offset` on; fewer at the end of the file.
    [[nodiscard]] std::string read(std::uint64_t offset, std::size_t bytes_max) const;
    void write(std::uint64_t offset, std::string_view bytes);
    // The pieces one after the other, without a copy.
    void write(std::uint64_t offset, std::span<const std::string_view> pieces);
    // Room for the bytes up to `end`, without changing the size. Where the file system has no such call
    // nothing happens, and a lack of room shows when it is written.
    void allocate(std::uint64_t from, std::uint64_t end);
    void truncate(std::uint64_t size);
    void sync_data();
    void sync();
    // False if it has been removed or moved since it was opened, or if that cannot be seen.
    [[nodiscard]] bool is_at_its_path() const noexcept;
    void must_be_at_its_path() const;
    // False: another process has it. Throws where the file system has no locks.
    [[nodiscard]] bool try_lock();

  private:
    [[nodiscard]] int reason_not_at_its_path() const noexcept; // 0: it is

    std::filesystem::path path_;
    int number_ = -1;
};

void sync_directory(const std::filesystem::path& directory);
// Appears whole, or not at all.
void write_whole(const std::filesystem::path& path, std::string_view content);
// Throws file_failure if that cannot be found out, for example without the permission to look.
[[nodiscard]] bool is_there(const std::filesystem::path& path);
void remove_file(const std::filesystem::path& path);

[[nodiscard]] std::filesystem::path segment_path(const std::filesystem::path& directory, position first);
[[nodiscard]] std::filesystem::path index_path(const std::filesystem::path& directory, position first);
// The first positions of the segments that are there, in order.
[[nodiscard]] std::vector<position> segments_in(const std::filesystem::path& directory);

} // namespace events
