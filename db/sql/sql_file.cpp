#include "db/sql/sql_file.hpp"

#include "async/regular_file.hpp"
#include "csv/encoding.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace db {

namespace {

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
    const auto file = async::open_regular(path, O_RDONLY);
    if (!file.open())
        return {{}, errno == ENXIO || errno == EISDIR ? "is not a file" : unreadable(errno)};
    std::string text;
    std::array<char, 65'536> part{};
    for (;;) {
        const auto got = ::read(file.get(), part.data(), part.size());
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
