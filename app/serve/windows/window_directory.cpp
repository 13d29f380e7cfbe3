#include "app/serve/windows/window_directory.hpp"

#include "async/durable_file.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <span>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace app {

namespace fs = std::filesystem;

using async::failure;
using async::file_error;

namespace {

constexpr std::string_view state_name = ".window_files";
constexpr std::string_view offsets_name = "processor_offset.json";
constexpr std::size_t open_max = 64;

bool belongs_to_a_server(const std::string& name) {
    return name == offsets_name || name.starts_with("server_events_");
}

// The offset at which line number `lines` ends, from 0; the file's end if it has fewer.
off_t end_of_line(int file, std::uint64_t lines, const fs::path& path) {
    std::array<char, 65'536> part{};
    off_t at = 0;
    while (lines > 0) {
        const auto got = ::pread(file, part.data(), part.size(), at);
        if (got < 0)
            throw file_error(errno, "reading", path);
        if (got == 0)
            break;
        const auto read = std::span(part).first(static_cast<std::size_t>(got));
        for (const char each : read) {
            ++at;
            if (each == '\n' && --lines == 0)
                break;
        }
    }
    return at;
}

} // namespace

window_directory::window_directory(fs::path place)
    : place_(std::move(place)) {
    std::error_code failed;
    fs::create_directories(place_, failed);
    if (failed)
        throw file_error(failed.value(), "making", place_);
    lock_ = async::descriptor(place_, O_RDONLY | O_DIRECTORY);
    if (!lock_.open())
        throw file_error(errno, "opening", place_);
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
        throw async::error(failure::locked,
                           fmt::format("another process writes window files in '{}'", place_.string()),
                           "Give each process a LIVE_WINDOW_FILES of its own.");
    if (fs::exists(place_ / state_name, failed))
        return;
    for (fs::directory_iterator each(place_, failed), end; !failed && each != end; each.increment(failed))
        if (belongs_to_a_server(each->path().filename().string()))
            throw async::error(
                failure::precondition,
                fmt::format("'{}' has window files of another server", place_.string()),
                "Name an empty directory in LIVE_WINDOW_FILES: what is there would be overwritten.");
}

std::optional<window_view> window_directory::state() {
    const auto path = place_ / state_name;
    std::error_code unknown;
    if (!fs::exists(path, unknown))
        return std::nullopt;
    constexpr std::size_t bytes_max = std::size_t{1} << 30; // no bound in practice: 50 bytes a file
    const auto read = async::read_text(path, bytes_max);
    if (!read.mistake.empty())
        throw async::error(failure::precondition,
                           fmt::format("'{}' cannot be read: {}", path.string(), read.mistake),
                           "Remove all files of this directory: they are made again from the journal.");
    auto view = window_view::read(read.text);
    if (!view)
        begin_again();
    return view;
}

// The directory is ours, since it has a state, and so are its window files. The state goes last: a process
// that dies before that begins again.
void window_directory::begin_again() {
    begun_again_ = true;
    std::vector<std::string> names;
    std::error_code failed;
    for (fs::directory_iterator each(place_, failed), end; !failed && each != end; each.increment(failed))
        if (auto name = each->path().filename().string(); belongs_to_a_server(name))
            names.push_back(std::move(name));
    if (failed)
        throw file_error(failed.value(), "listing", place_);
    names.emplace_back(state_name);
    for (const auto& name : names)
        async::remove_file(place_ / name);
}

window_directory::open_file& window_directory::at_end_of(const std::string& file, std::uint64_t lines) {
    const auto path = place_ / file;
    if (const auto known = files_.find(file); known != files_.end())
        return known->second;
    if (files_.size() >= open_max)
        make_safe();
    auto opened = async::open_regular(path, O_RDWR | O_CREAT | O_NOFOLLOW, async::for_owner_and_group);
    if (!opened.open())
        throw file_error(errno, "opening", path);
    const auto end = end_of_line(opened.get(), lines, path);
    if (::ftruncate(opened.get(), end) != 0 || ::lseek(opened.get(), end, SEEK_SET) != end)
        throw file_error(errno, "cutting", path);
    return files_.emplace(file, open_file{std::move(opened), lines}).first->second;
}

template <typename Call>
void window_directory::forgetting_ends(Call call) {
    try {
        call();
    } catch (...) {
        files_.clear();
        throw;
    }
}

void window_directory::append(const window_addition& addition, std::uint64_t lines_before) {
    forgetting_ends([&] {
        auto& file = at_end_of(addition.file, lines_before);
        unsafe_.insert(addition.file);
        last_ = addition.file;
        async::write_all(file.descriptor.get(), std::as_bytes(std::span(addition.lines)),
                         place_ / addition.file);
        async::fault_point("window-lines-written");
        file.lines += static_cast<std::uint64_t>(std::ranges::count(addition.lines, '\n'));
    });
}

void window_directory::make_safe() {
    for (const auto& name : unsafe_) {
        const auto path = place_ / name;
        const auto file = async::open_regular(path, O_RDONLY | O_NOFOLLOW);
        if (file.open())
            async::sync_file(file.get(), path);
        else if (errno != ENOENT) // somebody has removed it
            throw file_error(errno, "opening", path);
    }
    unsafe_.clear();
    std::erase_if(files_, [this](const auto& entry) { return entry.first != last_; });
}

void window_directory::publish(std::string_view state, std::string_view offsets) {
    forgetting_ends([&] {
        make_safe();
        async::sync_directory(place_);
        async::write_safely(place_ / state_name, state);
        async::fault_point("window-state-written");
        async::write_safely(place_ / offsets_name, offsets);
        async::fault_point("window-offsets-written");
    });
}

std::size_t window_directory::remove_older(const std::vector<std::string>& files, std::size_t surplus,
                                           std::chrono::system_clock::time_point before) {
    std::size_t removed = 0;
    for (const auto& file : files) {
        struct stat facts {};
        const auto path = place_ / file;
        if (::stat(path.c_str(), &facts) == 0) {
            if (removed >= surplus && std::chrono::system_clock::from_time_t(facts.st_mtim.tv_sec) >= before)
                break;
            async::remove_file(path);
        }
        ++removed;
    }
    return removed;
}

} // namespace app
