#include "exports/sink/directory_files.hpp"

#include "async/durable_file.hpp"
#include "async/fault_point.hpp"
#include "async/regular_file.hpp"
#include "azure/blob/crc64.hpp"
#include "exports/sink/part_file.hpp"
#include "exports/sink/rename_new.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

namespace exports {

namespace {

namespace fs = std::filesystem;

// Calls `visit` with each name in the directory.
template <typename Visit>
void for_each_name(const fs::path& directory, Visit visit) {
    std::error_code failed;
    fs::directory_iterator entries(directory, failed);
    for (; !failed && entries != fs::directory_iterator(); entries.increment(failed))
        visit(entries->path().filename().string());
    if (failed)
        throw async::file_error(failed.value(), "reading directory", directory);
}

std::uint64_t crc_of(const fs::path& path) {
    const auto file = async::open_regular(path, O_RDONLY);
    if (!file.open())
        throw async::file_error(errno, "reading", path);
    std::array<std::byte, 65'536> piece{};
    std::uint64_t crc = 0;
    for (;;) {
        const auto got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0 && errno != EINTR)
            throw async::file_error(errno, "reading", path);
        if (got == 0)
            return crc;
        if (got > 0)
            crc = azure::crc64(crc, std::span(piece).first(static_cast<std::size_t>(got)));
    }
}

} // namespace

std::string version_of(const struct stat& status) {
    return fmt::format("\"{:x}-{:x}-{:x}-{:x}\"", status.st_ino, status.st_mtim.tv_sec,
                       status.st_mtim.tv_nsec, status.st_size);
}

std::optional<stored_file> look_at(const fs::path& directory, const std::string& name) {
    const auto path = directory / name;
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT)
            return std::nullopt;
        throw async::file_error(errno, "looking at", path);
    }
    if (!S_ISREG(status.st_mode))
        return std::nullopt;
    stored_file found;
    found.name = name;
    found.bytes = static_cast<std::uint64_t>(status.st_size);
    found.changed = std::chrono::sys_seconds(std::chrono::seconds(status.st_mtim.tv_sec));
    found.version = version_of(status);
    return found;
}

std::map<file_name, stored_file> files_of_task(const fs::path& directory, const std::string& task) {
    std::map<file_name, stored_file> found;
    for_each_name(directory, [&](const std::string& text) {
        const auto name = file_name::from_text(text);
        if (!name || name->task != task)
            return;
        if (auto file = look_at(directory, text))
            found.emplace(*name, std::move(*file));
    });
    return found;
}

std::vector<unsettled_file> marks_in(const fs::path& directory) {
    std::vector<unsettled_file> found;
    for_each_name(directory, [&](const std::string& name) {
        const auto hidden = hidden_name::from_text(name);
        if (!hidden || name != hidden->pending())
            return;
        const auto text = async::read_small(directory / name);
        if (!text)
            return; // settled by somebody else since
        unsettled_file file;
        file.name = hidden->name.text();
        file.place = name;
        auto mark = mark_from(*text);
        if (const auto* mistake = std::get_if<std::string>(&mark))
            file.mistake = *mistake;
        else
            file.mark = std::get<file_mark>(std::move(mark));
        // A file whose mark cannot be read still belongs to its task.
        if (file.mistake.empty() && file.mark.task != hidden->name.task)
            file.mistake = "its mark names another task than its file name";
        file.mark.task = hidden->name.task;
        found.push_back(std::move(file));
    });
    std::ranges::sort(found, {}, &unsettled_file::place);
    return found;
}

void clear_away(const fs::path& directory, const std::string& task) {
    std::vector<hidden_name> left;
    std::vector<std::string> marked;
    for_each_name(directory, [&](const std::string& name) {
        const auto hidden = hidden_name::from_text(name);
        if (!hidden || hidden->name.task != task)
            return;
        if (name == hidden->pending())
            marked.push_back(hidden->nonce);
        else
            left.push_back(*hidden);
    });
    for (const auto& each : left) {
        if (std::ranges::find(marked, each.nonce) != marked.end())
            continue;
        async::fault_point("export-part-found");
        const part_lock lock(directory / each.part()); // held until all is removed
        // A mark that was made since the directory was read may be of rows that are deleted by now. Only the
        // holder of the lock makes one.
        if (!lock.abandoned() || is_there(directory / each.pending()))
            continue;
        for (const auto& name : {each.pending() + ".part", each.probe(), each.probed()})
            async::remove_file(directory / name);
        async::remove_file(directory / each.part());
    }
}

file_name first_free(const fs::path& directory, file_name name) {
    while (is_there(directory / name.text()))
        name = name.next();
    return name;
}

void try_showing(const fs::path& directory, const hidden_name& hidden) {
    try_renaming(directory / hidden.probe(), directory / hidden.probed());
    async::sync_directory(directory);
}

std::optional<file_name> show(const fs::path& directory, const hidden_name& hidden) {
    const auto part = directory / hidden.part();
    auto name = hidden.name;
    try {
        for (;; name = name.next()) {
            const auto outcome = rename_new(part, directory / name.text());
            if (outcome == renamed::missing)
                return std::nullopt;
            if (outcome == renamed::taken)
                continue;
            async::sync_directory(directory);
            return name;
        }
    } catch (const async::error& failed) {
        // If the name is taken by then, `mv -n` does nothing, and may exit with 0: the mark has to stay.
        throw async::error(
            async::failure::temporary,
            fmt::format(
                "rows were deleted, and their file cannot be given its name: they are in '{}', hidden: {}",
                part.string(), failed.message()),
            fmt::format("Once the file system works again, the task's next run names it, or `event-archiver "
                        "recover --exports`. By hand: mv -n '{0}' '{1}' && [ ! -e '{0}' ] && rm '{2}'",
                        part.string(), (directory / name.text()).string(),
                        (directory / hidden.pending()).string()));
    }
}

std::optional<file_name> find_shown(const fs::path& directory, const hidden_name& hidden,
                                    const file_mark& mark) {
    // Names in front of its own become free: files are there to be picked up.
    for (const auto& [name, file] : files_of_task(directory, hidden.name.task))
        if (name.stamp == hidden.name.stamp && name.number >= hidden.name.number &&
            file.bytes == mark.bytes && crc_of(directory / name.text()) == mark.crc)
            return name;
    return std::nullopt;
}

void must_be_as_marked(const fs::path& directory, const hidden_name& hidden, const file_mark& mark) {
    const auto part = directory / hidden.part();
    std::error_code unknown;
    if (!fs::exists(fs::symlink_status(part, unknown))) // it has its name already, or was moved away
        return;
    const auto found = look_at(directory, hidden.part());
    if (found && found->bytes == mark.bytes && crc_of(part) == mark.crc)
        return;
    throw async::error(
        async::failure::integrity,
        fmt::format("{} rows were deleted for '{}', and somebody has changed it since: it was {} bytes with "
                    "CRC-64 {:016x}",
                    mark.rows, part.string(), mark.bytes, mark.crc),
        "Put the file back as it was: it is the only copy of these rows. If it cannot be had, move away what "
        "is"
        " there; `event-archiver recover --exports --keep FILE` then lets the task go on.");
}

bool is_in_use(const fs::path& directory, const hidden_name& hidden) {
    return part_lock(directory / hidden.part()).held();
}

void forget(const fs::path& directory, const hidden_name& hidden) {
    async::remove_file(directory / hidden.pending());
    async::sync_directory(directory);
}

void discard(const fs::path& directory, const hidden_name& hidden) {
    // In this order: any run clears away a part without a mark.
    async::remove_file(directory / hidden.pending());
    async::sync_directory(directory);
    async::remove_file(directory / hidden.part());
}

} // namespace exports
