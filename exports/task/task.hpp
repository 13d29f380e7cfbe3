// Export tasks as they lie on disk: a directory for each, which holds select.sql and delete.sql. They are
// read each time they are needed, so that one can be added or corrected without a restart.
#pragma once

#include "async/asio.hpp"
#include "async/helper_thread.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace exports {

using async::awaitable;

struct task {
    std::string name; // of the directory
    // The files, verbatim; empty where one could not be read. Always UTF-8 without NUL.
    std::string select_sql;
    std::string delete_sql;
    std::string mistake; // why it cannot be run, as a clause that names file and line; empty: it can
};

// Letters, digits, `_`, `-` and `.` of ASCII, at most 100, not beginning with `-` or `.`: the name is part of
// file names, URLs and blob names.
[[nodiscard]] bool is_task_name(std::string_view name) noexcept;

// Sorted by name. Skips files, hidden directories, and directories that are neither named like a task nor
// hold a task's files. Throws async::error(precondition) if `directory` is not a directory or cannot be read.
// Blocks.
[[nodiscard]] std::vector<task> read_tasks(const std::filesystem::path& directory);
// nullopt if there is no such directory. Blocks.
[[nodiscard]] std::optional<task> read_task(const std::filesystem::path& directory, const std::string& name);

// The same without blocking.
class task_folder {
  public:
    // `helper` must outlive the folder.
    task_folder(std::filesystem::path directory, async::helper_thread& helper)
        : directory_(std::move(directory))
        , helper_(helper) {}

    [[nodiscard]] awaitable<std::vector<task>> all() const;
    [[nodiscard]] awaitable<std::optional<task>> find(std::string name) const;
    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }

  private:
    std::filesystem::path directory_;
    async::helper_thread& helper_;
};

} // namespace exports
