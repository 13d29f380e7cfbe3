#include "app/send/line_file.hpp"

#include "async/error.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace app {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunk_bytes = 1'048'576;

file_state state_from(const struct stat& status) {
    constexpr std::int64_t second = 1'000'000'000;
    return {static_cast<std::uint64_t>(status.st_ino), static_cast<std::uint64_t>(status.st_size),
            static_cast<std::int64_t>(status.st_mtim.tv_sec) * second + status.st_mtim.tv_nsec};
}

[[noreturn]] void throw_unreadable(const fs::path& path, int reason) {
    throw async::error(reason == EACCES || reason == EPERM ? async::failure::refused
                                                           : async::failure::precondition,
                       fmt::format("'{}' cannot be read: {}", path.string(), std::strerror(reason)),
                       reason == ENOENT ? "Name a file of events, or wait for it with --watch." : "");
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

} // namespace

std::optional<file_state> state_of(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    return state_from(status);
}

std::string identity_of(const fs::path& path, const file_state& state) {
    std::error_code unknown;
    const auto whole = fs::weakly_canonical(path, unknown);
    // Without the inode: a file that was put back from a backup is the same.
    const auto name =
        fmt::format("{}\n{}\n{}", (unknown ? path : whole).string(), state.bytes, state.changed_ns);
    const boost::uuids::name_generator_sha1 generator(boost::uuids::ns::url());
    return boost::uuids::to_string(generator(name));
}

line_file::line_file(const fs::path& path)
    : path_(path)
    , number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (number_ < 0)
        throw_unreadable(path_, errno);
    struct stat status {};
    const bool known = ::fstat(number_, &status) == 0;
    if (!known || !S_ISREG(status.st_mode)) {
        ::close(number_);
        throw async::error(
            async::failure::precondition, fmt::format("'{}' is not a regular file", path_.string()),
            "A file can be sent again from where it was ended; what is read only once cannot.");
    }
    state_ = state_from(status);
}

line_file::~line_file() { ::close(number_); }

// False at the end.
bool line_file::fill() {
    buffer_.erase(0, used_up_);
    used_up_ = 0;
    const auto had = buffer_.size();
    buffer_.resize(had + chunk_bytes);
    ssize_t got = 0;
    do
        got = ::read(number_, buffer_.data() + had, chunk_bytes);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        throw_unreadable(path_, errno);
    buffer_.resize(had + static_cast<std::size_t>(got));
    offset_ += static_cast<std::uint64_t>(got);
    return got > 0;
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
        const auto text =
            std::string_view(buffer_).substr(used_up_, last ? std::string::npos : end - used_up_);
        used_up_ = last ? buffer_.size() : end + 1;
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
