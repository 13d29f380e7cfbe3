#include "db/sql/sql_file.hpp"

#include "csv/encoding.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace db {

namespace {

struct opened_file {
    int number;
    explicit opened_file(int opened) noexcept
        : number(opened) {}
    ~opened_file() {
        if (number >= 0)
            ::close(number);
    }
    opened_file(const opened_file&) = delete;
    opened_file& operator=(const opened_file&) = delete;
};

std::string unreadable(int reason) {
    return reason == ENOENT ? "is missing" : fmt::format("cannot be read: {}", std::strerror(reason));
}

// The first line that is not UTF-8; 0 if all are.
std::size_t line_outside_utf8(std::string_view text) {
    std::size_t line = 1;
    for (std::size_t at = 0; at < text.size();) {
        const auto length = csv::character_size(text.substr(at));
        if (length == 0)
            return line;
        line += text[at] == '\n' ? 1 : 0;
        at += length;
    }
    return 0;
}

} // namespace

sql_file read_sql_file(const std::filesystem::path& path) {
    // Opening a FIFO in its place would wait for a writer.
    const opened_file file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number < 0)
        return {{}, unreadable(errno)};
    struct stat status {};
    if (::fstat(file.number, &status) != 0)
        return {{}, unreadable(errno)};
    if (!S_ISREG(status.st_mode))
        return {{}, "is not a file"};
    std::string text;
    std::array<char, 65'536> part{};
    for (;;) {
        const auto got = ::read(file.number, part.data(), part.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return {{}, unreadable(errno)};
        if (got == 0)
            break;
        text.append(part.data(), static_cast<std::size_t>(got));
        if (text.size() > sql_bytes_max)
            return {{}, "is larger than 1 MiB"};
    }
    if (text.find('\0') != std::string::npos)
        return {{}, "holds a NUL byte, which no SQL text can"};
    if (const auto line = line_outside_utf8(text); line > 0)
        return {{}, fmt::format("is not UTF-8 in line {}: save it as UTF-8", line)};
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
        return {std::move(text), "is empty"};
    return {std::move(text), {}};
}

} // namespace db
