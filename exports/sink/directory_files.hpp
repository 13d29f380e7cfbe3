// Operations on the files of a directory of exports. All of it blocks. Private to this room.
// Tested by tests/integration/test_export_file_systems.py.
#pragma once

#include "exports/sink/hidden_name.hpp"
#include "exports/sink/sink.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace exports {

// What a look at a file says of its version: it changes with the bytes.
[[nodiscard]] std::string version_of(const struct stat& status);
// A regular file of that name; nullopt if the directory has no such file.
[[nodiscard]] std::optional<stored_file> look_at(const std::filesystem::path& directory,
                                                 const std::string& name);
[[nodiscard]] std::map<file_name, stored_file> files_of_task(const std::filesystem::path& directory,
                                                             const std::string& task);
[[nodiscard]] std::vector<unsettled_file> marks_in(const std::filesystem::path& directory);

// Removes this task's drafts of runs that have ended. A draft with a mark stays: it has to be settled.
void clear_away(const std::filesystem::path& directory, const std::string& task);
// The name, or the next one that no file has.
[[nodiscard]] file_name first_free(const std::filesystem::path& directory, file_name name);

// Tries whether a file can be given its name here. Throws async::error.
void try_showing(const std::filesystem::path& directory, const hidden_name& hidden);
// Gives the file its name, or the next one that is free, and returns that name; nullopt if the file is not
// there. Throws async::error(temporary), which says where the file is and what to do.
[[nodiscard]] std::optional<file_name> show(const std::filesystem::path& directory,
                                            const hidden_name& hidden);
// The name that the file has been given: that of the file whose bytes the mark describes. nullopt if it is
// missing.
[[nodiscard]] std::optional<file_name> find_shown(const std::filesystem::path& directory,
                                                  const hidden_name& hidden, const file_mark& mark);
// Before the file of a committed transaction gets its name: throws async::error(integrity) if it is there but
// is no longer as its mark describes it.
void must_be_as_marked(const std::filesystem::path& directory, const hidden_name& hidden,
                       const file_mark& mark);
// Whether the process that wrote the file still works with it; false if it has its name already.
[[nodiscard]] bool is_in_use(const std::filesystem::path& directory, const hidden_name& hidden);
// Removes the mark.
void forget(const std::filesystem::path& directory, const hidden_name& hidden);
// Removes the mark and the file.
void discard(const std::filesystem::path& directory, const hidden_name& hidden);

} // namespace exports
