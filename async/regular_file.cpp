#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/stat.h>

namespace async {

namespace {

namespace fs = std::filesystem;
using steady = std::chrono::steady_clock;

descriptor closed_with(int reason) {
    errno = reason;
    return {};
}

// True once there is something to read, the end included; false if that takes too long.
bool wait_for_bytes(int file, steady::time_point until) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now()).count();
        if (left <= 0)
            return false;
        struct pollfd waiting {
            file, POLLIN, 0
        };
        const auto ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; // read() says what is wrong
    }
}

} // namespace

descriptor open_regular(const fs::path& path, int flags, mode_t mode) {
    descriptor file(path, flags | O_NONBLOCK | O_NOCTTY, mode);
    if (!file.open())
        return file;
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
        return closed_with(errno);
    if (!S_ISREG(status.st_mode))
        return closed_with(S_ISDIR(status.st_mode) ? EISDIR : ENXIO);
    return file;
}

descriptor open_for_writing(const fs::path& path, int flags, mode_t mode) {
    descriptor file(path, flags | O_NONBLOCK | O_NOCTTY, mode);
    if (!file.open())
        return file;
    const auto now = ::fcntl(file.get(), F_GETFL);
    if (now < 0 || ::fcntl(file.get(), F_SETFL, now & ~O_NONBLOCK) < 0)
        return closed_with(errno);
    return file;
}

std::FILE* open_stream(const fs::path& path) {
    constexpr mode_t by_umask = 0666;
    auto file = open_for_writing(path, O_WRONLY | O_CREAT | O_TRUNC, by_umask);
    auto* const stream = file.open() ? ::fdopen(file.get(), "w") : nullptr;
    if (stream != nullptr)
        (void)file.release();
    return stream;
}

bool would_wait(const fs::path& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

std::string describe_errno(int reason) {
    return reason == ENXIO ? "it is not a regular file" : std::strerror(reason);
}

text_read read_text(const fs::path& path, std::size_t bytes_max, std::chrono::milliseconds patience) {
    const auto until = steady::now() + patience;
    const descriptor file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    const auto unreadable = [](int reason) {
        return text_read{{},
                         reason == ENXIO ? "cannot be read: " + describe_errno(reason)
                                         : std::string("cannot be read")};
    };
    if (!file.open())
        return unreadable(errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
        return unreadable(errno);
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode))
        return unreadable(S_ISDIR(status.st_mode) ? EISDIR : ENXIO);
    std::string text;
    std::array<char, 65'536> part{};
    for (;;) {
        // Also waits before the first byte: read() reports the end of a FIFO that nobody has opened for
        // writing yet.
        if (S_ISFIFO(status.st_mode) && !wait_for_bytes(file.get(), until))
            return {{}, "cannot be read: it is a pipe whose writer has not closed it in time"};
        const auto got = ::read(file.get(), part.data(), part.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            return unreadable(errno);
        if (got == 0)
            return {std::move(text), {}};
        text.append(part.data(), static_cast<std::size_t>(got));
        if (text.size() > bytes_max)
            return {{}, fmt::format("is larger than {} MiB", bytes_max >> 20)};
    }
}

} // namespace async
