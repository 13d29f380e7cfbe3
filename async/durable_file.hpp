// Files that must outlive a crash of the machine. All of it blocks: call it on a helper thread.
// Tested by tests/integration/test_export_file_systems.py.
#pragma once

#include "async/error.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace async {

// "writing '/exported-data/…': No space left on device": temporary for a full disk, refused for a lack of
// permission, else a precondition. `reason` is errno's.
class file_error : public error {
  public:
    file_error(int reason, std::string_view doing, const std::filesystem::path& path);
    [[nodiscard]] int reason() const noexcept { return reason_; }

  private:
    int reason_;
};

// Rows of a table are not for every user of the machine: those who read the files share their group. The
// umask may take more away.
inline constexpr mode_t for_owner_and_group = 0640;

void write_all(int file, std::span<const std::byte> bytes, const std::filesystem::path& path);
void sync_file(int file, const std::filesystem::path& path);

// Writes the file so that other processes see the whole of it or none. It then survives a crash of the
// machine.
void write_safely(const std::filesystem::path& path, std::string_view text);
// The content of a file of less than 64 KiB; nullopt if it is not there. Throws file_error for a larger one.
[[nodiscard]] std::optional<std::string> read_small(const std::filesystem::path& path);

// A file that does not exist counts as removed.
void remove_file(const std::filesystem::path& path);
// Entries that were added, renamed or removed in the directory before survive a crash of the machine.
void sync_directory(const std::filesystem::path& directory);

} // namespace async
