#include "events/journal/segments/topic_writer.hpp"

#include "async/number.hpp"
#include "async/regular_file.hpp"
#include "events/journal/segments/segment_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <vector>

namespace events {

namespace {

namespace fs = std::filesystem;

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t at = 0; (at = line.find_first_not_of(' ', at)) != std::string_view::npos;) {
        const auto end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

pid_t known_holder(const fs::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        return 0;
    constexpr std::size_t bytes_max = std::size_t{1} << 20;
    const auto locks = async::read_text("/proc/locks", bytes_max);
    return holder_in(locks.text, status.st_dev, status.st_ino);
}

} // namespace

// A line is "1: FLOCK  ADVISORY  WRITE 4711 fe:01:1234 0 EOF": device in hexadecimal, file in decimal.
pid_t holder_in(std::string_view locks, dev_t device, ino_t file) {
    const auto wanted = fmt::format("{:02x}:{:02x}:{}", major(device), minor(device), file);
    while (!locks.empty()) {
        const auto line = locks.substr(0, locks.find('\n'));
        locks.remove_prefix(std::min(line.size() + 1, locks.size()));
        const auto words = words_of(line);
        if (words.size() > 5 && words[1] == "FLOCK" && words[5] == wanted)
            return async::number_from<pid_t>(words[4]).value_or(0);
    }
    return 0;
}

// A writer also locks its last segment: its file `lock` may have been removed. That one is only looked up: to
// take its lock could stop a writer that has just begun it.
topic_writer writer_of(const fs::path& topic) {
    const auto lock = topic / "lock";
    const auto segments = segments_in(topic);
    for (const auto& each : {lock, segments.empty() ? lock : segment_path(topic, segments.back())})
        if (const auto process = known_holder(each); process > 0)
            return {true, process};
    return {is_there(lock) && !file_handle(lock, file_handle::mode::read).try_lock(), 0};
}

} // namespace events
