#include "exports/sink/part_file.hpp"

#include "async/durable_file.hpp"
#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <sys/file.h>
#include <sys/stat.h>

namespace exports {

namespace {

namespace fs = std::filesystem;
using async::failure;

constexpr int create_new = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;

// On a file system without locks, files are only cleaned up later. If another process has the lock, it has
// taken the file for an abandoned one and is about to remove it.
void take_lock(const async::descriptor& file, int kind, const fs::path& path) {
    if (::flock(file.get(), kind | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        throw removed_before_commit(path);
}

} // namespace

async::error removed_before_commit(const fs::path& path) {
    return async::error(
        failure::temporary,
        fmt::format("somebody has removed or replaced '{}' before COMMIT: nothing was deleted "
                    "from the database",
                    path.string()),
        "Does something clear the directory of old or hidden files, or does another database "
        "export into it?");
}

part_file::part_file(fs::path path)
    : path_(std::move(path))
    , file_(path_, create_new, async::for_owner_and_group) {
    if (!file_.open())
        throw async::file_error(errno, "creating", path_);
    take_lock(file_, LOCK_EX, path_);
}

void part_file::append(std::span<const std::byte> bytes) {
    async::write_all(file_.get(), bytes, path_);
    bytes_ += bytes.size();
}

// One descriptor after the other, not both at once: rclone stores a file when its last one is closed. A
// process that finds the file unlocked in between keeps its own lock while it removes the file, so that
// `take_lock` or `must_stand` notices.
void part_file::finish() {
    async::sync_file(file_.get(), path_);
    if (!file_.close())
        throw async::file_error(errno, "closing", path_);
    file_ = async::open_regular(path_, O_RDONLY | O_NOFOLLOW);
    if (!file_.open() && errno == ENOENT)
        throw removed_before_commit(path_);
    if (!file_.open())
        throw async::file_error(errno, "opening", path_);
    take_lock(file_, LOCK_SH, path_); // NFS has no other for a descriptor that only reads
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0)
        throw async::file_error(errno, "looking at", path_);
    if (static_cast<std::uint64_t>(status.st_size) != bytes_)
        throw async::error(failure::temporary,
                           fmt::format("'{}' has {} bytes of the {} that were written to it", path_.string(),
                                       status.st_size, bytes_));
    must_stand();
}

void part_file::must_stand() const {
    struct stat named {};
    struct stat opened {};
    if (::lstat(path_.c_str(), &named) != 0) {
        if (errno == ENOENT)
            throw removed_before_commit(path_);
        throw async::file_error(errno, "looking at", path_);
    }
    if (::fstat(file_.get(), &opened) != 0)
        throw async::file_error(errno, "looking at", path_);
    if (named.st_dev != opened.st_dev || named.st_ino != opened.st_ino ||
        static_cast<std::uint64_t>(named.st_size) != bytes_)
        throw removed_before_commit(path_);
}

part_lock::part_lock(const fs::path& path)
    : file_(async::open_regular(path, O_RDONLY | O_NOFOLLOW)) {
    if (!file_.open()) {
        abandoned_ = errno == ENOENT;
        return;
    }
    abandoned_ = ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
    if (!abandoned_ && errno == EBADF) { // NFS locks only what is open for writing
        auto writing = async::open_regular(path, O_RDWR | O_NOFOLLOW);
        if (!writing.open())
            return;
        file_ = std::move(writing);
        abandoned_ = ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0;
    }
    held_ = !abandoned_ && errno == EWOULDBLOCK;
}

} // namespace exports
