// Gives a file a name that no other file has. File systems differ in how that can be done: most rename
// without replacing, some have links, and some (rclone, s3fs, gcsfuse) have neither. All of it blocks.
// Private to this room.
// Tested by tests/integration/test_export_file_systems.py.
#pragma once

#include <filesystem>

namespace exports {

// Whether there is an entry of that name, of any kind. Throws async::error.
[[nodiscard]] bool is_there(const std::filesystem::path& path);

enum class renamed : unsigned char { done, taken, missing };

// Replaces no file. The third way looks first and then renames: it would overwrite a file that another
// program puts there in between; the task's lock keeps out other runs of the task. Afterwards `to` exists.
// Throws async::error.
[[nodiscard]] renamed rename_new(const std::filesystem::path& from, const std::filesystem::path& to);

// Tries all that with an empty file, before it is needed. Leaves no file behind. Throws async::error.
void try_renaming(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace exports
