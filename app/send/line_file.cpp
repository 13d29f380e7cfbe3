#include "app/send/line_file.hpp"

#include "async/error.hpp"
#include "async/regular_file.hpp"
#include "azure/blob/crc64.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>

namespace app {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk_bytes = 1'048'576;

// File systems note times in steps of up to two seconds: a second change within the same step does not show.
constexpr std::int64_t time_steps_ns = 2'000'000'000;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::int64_t nanoseconds_of(const timespec& time) {
    constexpr std::int64_t second = 1'000'000'000;
    return static_cast<std::int64_t>(time.tv_sec) * second + time.tv_nsec;
}

file_state state_from(const struct stat& status) {
    return {static_cast<std::uint64_t>(status.st_ino), static_cast<std::uint64_t>(status.st_size),
            nanoseconds_of(status.st_mtim), nanoseconds_of(status.st_ctim)};
}

[[noreturn]] void throw_unreadable(const fs::path& path, int reason) {
    throw async::error(reason == EACCES || reason == EPERM ? async::failure::refused
                                                           : async::failure::precondition,
                       fmt::format("'{}' cannot be read: {}", path.string(), std::strerror(reason)),
                       reason == ENOENT ? "Name a file of events, or wait for it with --watch." : "");
}

std::uint64_t crc_of(std::uint64_t before, std::string_view bytes) {
    return azure::crc64(before, std::as_bytes(std::span(bytes)));
}

bool is_utf16(std::string_view start) {
    return start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF");
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

} // namespace

std::optional<file_state> state_of(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    return state_from(status);
}

std::string identity_of(const fs::path& path, const file_state& state, std::uint64_t content_crc) {
    std::error_code unknown;
    const auto whole = fs::weakly_canonical(path, unknown);
    // Without the inode: a file that was put back from a backup is the same. With the content: a file of the
    // same size may have been put in its place, with the time of the first.
    const auto name = fmt::format("{}\n{}\n{}\n{:016x}", (unknown ? path : whole).string(), state.bytes,
                                  state.changed_ns, content_crc);
    const boost::uuids::name_generator_sha1 generator(boost::uuids::ns::url());
    return boost::uuids::to_string(generator(name));
}

line_file::line_file(const fs::path& path)
    : path_(path)
    , file_(async::open_regular(path, O_RDONLY)) {
    if (!file_.open() && (errno == ENXIO || errno == EISDIR))
        throw async::error(
            async::failure::precondition, fmt::format("'{}' is not a regular file", path_.string()),
            "A file can be sent again from where it was ended; what is read only once cannot.");
    struct stat status {};
    if (!file_.open() || ::fstat(file_.get(), &status) != 0)
        throw_unreadable(path_, errno);
    state_ = state_from(status);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    touched_lately_ = nanoseconds_of(now) - state_.touched_ns < time_steps_ns;
}

std::size_t line_file::read_at(std::span<char> into, std::uint64_t offset) const {
    ssize_t got = 0;
    do
        got = ::pread(file_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        throw_unreadable(path_, errno);
    return static_cast<std::size_t>(got);
}

// False at the end.
bool line_file::fill() {
    buffer_.erase(0, used_up_);
    used_up_ = 0;
    const auto had = buffer_.size();
    buffer_.resize(had + chunk_bytes);
    const auto got = read_at(std::span(buffer_).subspan(had), offset_);
    buffer_.resize(had + got);
    if (offset_ == 0 && is_utf16(buffer_))
        throw async::error(async::failure::precondition,
                           fmt::format("'{}' is text in UTF-16", path_.string()),
                           "Events are JSON in UTF-8: iconv -f UTF-16 -t UTF-8 FILE > NEW_FILE.");
    crc_ = crc_of(crc_, std::string_view(buffer_).substr(had));
    offset_ += got;
    return got > 0;
}

file_fate line_file::fate() const {
    if (offset_ < state_.bytes)
        return file_fate::shorter;
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0)
        throw_unreadable(path_, errno);
    const bool untouched = !touched_lately_ && state_from(status) == state_;
    return untouched || crc_of_first(offset_) == crc_ ? file_fate::whole : file_fate::rewritten;
}

std::uint64_t line_file::content_crc() const { return crc_of_first(state_.bytes).value_or(0); }

std::optional<std::uint64_t> line_file::crc_of_first(std::uint64_t bytes) const {
    std::string part(chunk_bytes, '\0');
    std::uint64_t crc = 0;
    for (std::uint64_t at = 0; at < bytes;) {
        const auto wanted = std::min<std::uint64_t>(chunk_bytes, bytes - at);
        const auto got = read_at(std::span(part).first(static_cast<std::size_t>(wanted)), at);
        if (got == 0)
            return std::nullopt;
        crc = crc_of(crc, std::string_view(part).substr(0, got));
        at += got;
    }
    return crc;
}

std::optional<file_line> line_file::next() {
    file_line line;
    for (;;) {
        auto end = buffer_.find('\n', used_up_);
        while (end == std::string::npos) {
            const auto had = buffer_.size() - used_up_;
            if (had > line_bytes_max) { // its rest is not kept
                line.too_long = true;
                used_up_ = buffer_.size();
            }
            if (!fill())
                break;
            end = buffer_.find('\n', used_up_);
        }
        const bool last = end == std::string::npos;
        if (last && used_up_ == buffer_.size() && !line.too_long)
            return std::nullopt;
        line.number = ++lines_;
        auto text = std::string_view(buffer_).substr(used_up_, last ? std::string::npos : end - used_up_);
        used_up_ = last ? buffer_.size() : end + 1;
        if (text.starts_with(byte_order_mark)) // of the file, or of one that was appended to it
            text.remove_prefix(byte_order_mark.size());
        line.too_long = line.too_long || text.size() > line_bytes_max;
        if (line.too_long)
            return line;
        if (is_blank(text))
            continue;
        line.text = text;
        if (line.text.ends_with('\r'))
            line.text.pop_back();
        return line;
    }
}

} // namespace app
