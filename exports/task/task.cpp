#include "exports/task/task.hpp"

#include "async/error.hpp"
#include "db/sql/sql_file.hpp"
#include "exports/task/delete_statement.hpp"
#include "exports/task/placeholders.hpp"
#include "exports/task/select_shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

namespace exports {

namespace {

namespace fs = std::filesystem;
using async::failure;

constexpr std::array<std::string_view, 2> sql_files{"select.sql", "delete.sql"};
constexpr std::size_t task_name_max = 100;
// Any day will do to look for mistakes.
constexpr std::string_view some_boundary = "'2025-01-01T00:00:00'::timestamp";

// A volume's `lost+found` is not a task with a mistake.
bool looks_like_a_task(const fs::path& directory) {
    std::error_code unknown;
    return is_task_name(directory.filename().string()) ||
           std::ranges::any_of(sql_files,
                               [&](std::string_view file) { return fs::exists(directory / file, unknown); });
}

void look_for_mistakes(task& found) {
    const auto note = [&found](std::string_view file, const std::string& clause) {
        if (found.mistake.empty() && !clause.empty())
            found.mistake = fmt::format("'{}/{}', {}", found.name, file, clause);
    };
    note(sql_files[0], bind_boundary(found.select_sql, some_boundary).mistake);
    note(sql_files[0], shape_of_select(found.select_sql).mistake);
    note(sql_files[1], bind_boundary(found.delete_sql, some_boundary).mistake);
    note(sql_files[1], shape_of_delete(found.delete_sql).mistake);
}

task read_one(const fs::path& directory, const std::string& name) {
    task found;
    found.name = name;
    if (!is_task_name(name)) {
        found.mistake =
            "the directory's name cannot be a task's: give letters, digits, '_', '-' and '.', the "
            "first a letter, a digit or '_'";
        return found;
    }
    std::string* const texts[] = {&found.select_sql, &found.delete_sql};
    for (std::size_t which = 0; which < sql_files.size(); ++which) {
        auto content = db::read_sql_file(directory / name / sql_files[which]);
        *texts[which] = std::move(content.text);
        if (found.mistake.empty() && !content.mistake.empty())
            found.mistake = fmt::format("'{}/{}' {}", name, sql_files[which], content.mistake);
    }
    if (found.mistake.empty())
        look_for_mistakes(found);
    return found;
}

[[noreturn]] void fail(const fs::path& directory, const std::error_code& reason) {
    const auto refused = reason == std::errc::permission_denied;
    throw async::error(refused ? failure::refused : failure::precondition,
                       fmt::format("the directory of export tasks '{}' cannot be read: {}",
                                   directory.string(), reason.message()),
                       "Check DSL_PATH, and that the directory is mounted and may be read.");
}

} // namespace

bool is_task_name(std::string_view name) noexcept {
    const auto plain = [](char each) {
        return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9') ||
               each == '_';
    };
    return !name.empty() && name.size() <= task_name_max && plain(name.front()) &&
           std::ranges::all_of(name, [&](char each) { return plain(each) || each == '-' || each == '.'; });
}

std::vector<task> read_tasks(const fs::path& directory) {
    std::error_code failed;
    std::vector<std::string> names;
    fs::directory_iterator entries(directory, failed);
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
        std::error_code unknown;
        auto name = entries->path().filename().string();
        if (!name.starts_with('.') && entries->is_directory(unknown) && looks_like_a_task(entries->path()))
            names.push_back(std::move(name));
    }
    if (failed)
        fail(directory, failed);
    std::ranges::sort(names);
    std::vector<task> found;
    found.reserve(names.size());
    for (const auto& name : names)
        found.push_back(read_one(directory, name));
    return found;
}

std::optional<task> read_task(const fs::path& directory, const std::string& name) {
    std::error_code unknown;
    if (!is_task_name(name) || !fs::is_directory(directory / name, unknown))
        return std::nullopt;
    return read_one(directory, name);
}

awaitable<std::vector<task>> task_folder::all() const {
    const auto found = std::make_shared<std::vector<task>>();
    std::function<void()> look = [found, directory = directory_] { *found = read_tasks(directory); };
    co_await helper_.run(std::move(look));
    co_return std::move(*found);
}

awaitable<std::optional<task>> task_folder::find(std::string name) const {
    const auto found = std::make_shared<std::optional<task>>();
    std::function<void()> look = [found, directory = directory_, name = std::move(name)] {
        *found = read_task(directory, name);
    };
    co_await helper_.run(std::move(look));
    co_return std::move(*found);
}

} // namespace exports
