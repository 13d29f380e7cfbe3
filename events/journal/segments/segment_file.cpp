#include "events/journal/segments/segment_file.hpp"

#include "async/regular_file.hpp"
#include "events/journal/error.hpp"

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace events {

namespace {

namespace fs = std::filesystem;

// Events may be confidential: other users of the machine must not read them.
constexpr mode_t for_owner_and_group = 0640;
constexpr std::string_view log_suffix = ".log";
constexpr std::string_view index_suffix = ".idx";

int flags_of(file_handle::mode how) noexcept {
    switch (how) {
    case file_handle::mode::read:
        return O_RDONLY;
    case file_handle::mode::write:
        return O_RDWR;
    case file_handle::mode::create:
        return O_RDWR | O_CREAT;
    case file_handle::mode::create_new:
        return O_RDWR | O_CREAT | O_EXCL;
    case file_handle::mode::directory:
        return O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    }
    return O_RDONLY;
}

// The pieces without their first `bytes` bytes, which are written.
std::span<iovec> behind(std::span<iovec> pieces, std::size_t bytes) noexcept {
    while (!pieces.empty() && bytes >= pieces.front().iov_len) {
        bytes -= pieces.front().iov_len;
        pieces = pieces.subspan(1);
    }
    if (!pieces.empty()) {
        pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + bytes;
        pieces.front().iov_len -= bytes;
    }
    return pieces;
}

} // namespace

file_failure::file_failure(int reason, std::string_view doing, const fs::path& path)
    : std::runtime_error(fmt::format("{} '{}': {}", doing, path.string(), std::strerror(reason)))
    , reason_(reason) {}

bool file_failure::no_room() const noexcept {
    return reason_ == ENOSPC || reason_ == EDQUOT || reason_ == EFBIG;
}

bool file_failure::no_descriptor() const noexcept { return reason_ == EMFILE || reason_ == ENFILE; }

journal_error too_many_files() {
    return {journal_failure::no_descriptor, // for clients too: without a path
            "this process has too many open files",
            "Allow more open files: ulimit -n, or LimitNOFILE of a unit of systemd."};
}

void rethrow_as_journal_error(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const file_failure& of_file) {
        if (of_file.no_room())
            throw journal_error(journal_failure::full, // for clients too: without a path
                                "there is no room on the journal's disk",
                                "Make room on the volume of JOURNAL, or set JOURNAL_MAX_BYTES.");
        if (of_file.no_descriptor())
            throw too_many_files();
        const bool refused =
            of_file.reason() == EACCES || of_file.reason() == EPERM || of_file.reason() == EROFS;
        if (refused)
            throw journal_error(journal_failure::not_allowed, of_file.what(),
                                "The journal's directory, JOURNAL, must belong to the user who runs this.");
        const bool absent =
            of_file.reason() == ENOENT || of_file.reason() == ENOTDIR || of_file.reason() == ELOOP;
        throw journal_error(absent ? journal_failure::missing : journal_failure::unusable, of_file.what());
    }
}

file_handle::file_handle(fs::path path, mode how)
    : path_(std::move(path))
    , number_(how == mode::directory
                  ? ::open(path_.c_str(), flags_of(how))
                  : async::open_regular(path_, flags_of(how), for_owner_and_group).release()) {
    if (number_ < 0)
        throw file_failure(errno, "opening", path_);
}

file_handle::~file_handle() {
    if (number_ >= 0)
        ::close(number_);
}

file_handle::file_handle(file_handle&& other) noexcept
    : path_(std::move(other.path_))
    , number_(std::exchange(other.number_, -1)) {}

file_handle& file_handle::operator=(file_handle&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(number_, other.number_);
    return *this;
}

std::uint64_t file_handle::size() const {
    struct stat status {};
    if (::fstat(number_, &status) != 0)
        throw file_failure(errno, "looking at", path_);
    return static_cast<std::uint64_t>(status.st_size);
}

std::string file_handle::read(std::uint64_t offset, std::size_t bytes_max) const {
    std::string bytes(bytes_max, '\0');
    std::size_t got = 0;
    while (got < bytes_max) {
        const auto count =
            ::pread(number_, bytes.data() + got, bytes_max - got, static_cast<off_t>(offset + got));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            throw file_failure(errno, "reading", path_);
        if (count == 0)
            break;
        got += static_cast<std::size_t>(count);
    }
    bytes.resize(got);
    return bytes;
}

void file_handle::write(std::uint64_t offset, std::string_view bytes) { write(offset, {&bytes, 1}); }

void file_handle::write(std::uint64_t offset, std::span<const std::string_view> pieces) {
    std::vector<iovec> left;
    for (const auto each : pieces)
        if (!each.empty())
            left.push_back({const_cast<char*>(each.data()), each.size()}); // NOLINT: it is only read
    std::span<iovec> now(left);
    while (!now.empty()) {
        const auto count = std::min<std::size_t>(now.size(), IOV_MAX);
        const auto put = ::pwritev(number_, now.data(), static_cast<int>(count), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            throw file_failure(put == 0 ? ENOSPC : errno, "writing", path_);
        offset += static_cast<std::uint64_t>(put);
        now = behind(now, static_cast<std::size_t>(put));
    }
}

void file_handle::allocate(std::uint64_t from, std::uint64_t end) {
    if (::fallocate(number_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(from), static_cast<off_t>(end - from)) !=
            0 &&
        errno != EOPNOTSUPP && errno != ENOSYS)
        throw file_failure(errno, "making room in", path_);
}

void file_handle::truncate(std::uint64_t size) {
    if (::ftruncate(number_, static_cast<off_t>(size)) != 0)
        throw file_failure(errno, "cutting", path_);
}

void file_handle::sync_data() {
    // Never again after a failure: the kernel has forgotten by then which pages were dirty.
    if (::fdatasync(number_) != 0)
        throw file_failure(errno, "syncing", path_);
}

void file_handle::sync() {
    if (::fsync(number_) != 0)
        throw file_failure(errno, "syncing", path_);
}

bool file_handle::is_at_its_path() const noexcept { return reason_not_at_its_path() == 0; }

void file_handle::must_be_at_its_path() const {
    if (const int reason = reason_not_at_its_path(); reason != 0)
        throw file_failure(reason, "finding", path_);
}

// Another file in its place: the one that was opened has no name.
int file_handle::reason_not_at_its_path() const noexcept {
    struct stat opened {};
    struct stat there {};
    if (::fstat(number_, &opened) != 0 || ::stat(path_.c_str(), &there) != 0)
        return errno;
    return opened.st_ino == there.st_ino && opened.st_dev == there.st_dev ? 0 : ENOENT;
}

bool file_handle::try_lock() {
    while (::flock(number_, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return false;
        if (errno != EINTR)
            throw file_failure(errno, "locking", path_);
    }
    return true;
}

void sync_directory(const fs::path& directory) {
    file_handle opened(directory, file_handle::mode::directory);
    opened.sync();
}

void write_whole(const fs::path& path, std::string_view content) {
    const fs::path part = path.string() + ".part";
    {
        file_handle file(part, file_handle::mode::create);
        file.truncate(0);
        file.write(0, content);
        file.sync();
    }
    if (std::rename(part.c_str(), path.c_str()) != 0)
        throw file_failure(errno, "naming", path);
    sync_directory(path.parent_path());
}

bool is_there(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0)
        return true;
    if (errno != ENOENT && errno != ENOTDIR)
        throw file_failure(errno, "looking at", path);
    return false;
}

void remove_file(const fs::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        throw file_failure(errno, "removing", path);
}

fs::path segment_path(const fs::path& directory, position first) {
    return directory / fmt::format("{:020}{}", first, log_suffix);
}

fs::path index_path(const fs::path& directory, position first) {
    return directory / fmt::format("{:020}{}", first, index_suffix);
}

std::vector<position> segments_in(const fs::path& directory) {
    std::vector<position> found;
    std::error_code failed;
    for (fs::directory_iterator each(directory, failed), end; !failed && each != end;
         each.increment(failed)) {
        const auto name = each->path().filename().string();
        position first = 0;
        const auto [stop, wrong] = std::from_chars(name.data(), name.data() + name.size(), first);
        if (wrong == std::errc() && first >= 0 && name == segment_path({}, first).string())
            found.push_back(first);
    }
    if (failed)
        throw file_failure(failed.value(), "listing", directory);
    std::ranges::sort(found);
    return found;
}

} // namespace events
