#include "async/durable_file.hpp"

#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace async {

namespace {

namespace fs = std::filesystem;

failure kind_of(int reason) {
    switch (reason) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ESTALE:
    case ETIMEDOUT:
        return failure::temporary;
    case EACCES:
    case EPERM:
    case EROFS:
        return failure::refused;
    default:
        return failure::precondition;
    }
}

std::string_view hint_for(int reason) {
    switch (reason) {
    case ENOSPC:
    case EDQUOT:
        return "Make room there.";
    case EFBIG:
        return "The limit on the size of files (ulimit -f) or the file system allows no larger file.";
    case EACCES:
    case EPERM:
        return "The user that event-archiver runs as must be able to create files there.";
    case EROFS:
        return "The volume is mounted read-only.";
    case ENOENT:
    case ENOTDIR:
        return "Create the directory or mount the volume.";
    default:
        return "";
    }
}

constexpr std::size_t small_file_max = 65'536;

} // namespace

file_error::file_error(int reason, std::string_view doing, const fs::path& path)
    : error(kind_of(reason), fmt::format("{} '{}': {}", doing, path.string(), describe_errno(reason)),
            std::string(hint_for(reason)))
    , reason_(reason) {}

void write_all(int file, std::span<const std::byte> bytes, const fs::path& path) {
    while (!bytes.empty()) {
        const auto put = ::write(file, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            throw file_error(errno, "writing", path);
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
}

void sync_file(int file, const fs::path& path) {
    // Not again after EINTR or EIO: the kernel has forgotten by then which pages were dirty.
    if (::fsync(file) != 0)
        throw file_error(errno, "making safe", path);
}

void write_safely(const fs::path& path, std::string_view text) {
    const fs::path part = path.string() + ".part";
    try {
        {
            const auto file = open_regular(part, O_WRONLY | O_CREAT | O_TRUNC, for_owner_and_group);
            if (!file.open())
                throw file_error(errno, "creating", part);
            write_all(file.get(), std::as_bytes(std::span(text)), part);
            sync_file(file.get(), part);
        }
        if (std::rename(part.c_str(), path.c_str()) != 0)
            throw file_error(errno, "naming", path);
    } catch (const error&) {
        (void)::unlink(part.c_str());
        throw;
    }
    sync_directory(path.parent_path());
}

std::optional<std::string> read_small(const fs::path& path) {
    const auto file = open_regular(path, O_RDONLY);
    if (!file.open() && errno == ENOENT)
        return std::nullopt;
    if (!file.open())
        throw file_error(errno, "reading", path);
    std::string text(small_file_max, '\0');
    std::size_t size = 0;
    for (;;) {
        if (size == text.size())
            throw file_error(EFBIG, "reading", path);
        const auto got = ::read(file.get(), text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw file_error(errno, "reading", path);
        if (got == 0)
            break;
        size += static_cast<std::size_t>(got);
    }
    text.resize(size);
    return text;
}

void remove_file(const fs::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        throw file_error(errno, "removing", path);
}

void sync_directory(const fs::path& directory) {
    const descriptor opened(directory, O_RDONLY | O_DIRECTORY);
    if (!opened.open())
        throw file_error(errno, "opening", directory);
    // Some network file systems have no such call, and need none.
    if (::fsync(opened.get()) != 0 && errno != EINVAL && errno != EBADF)
        throw file_error(errno, "making safe", directory);
}

} // namespace async
