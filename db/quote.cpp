#include "async/error.hpp"
#include "db/connection.hpp"

namespace db {

namespace {

void refuse_nul(std::string_view text) {
    if (text.find('\0') != std::string_view::npos)
        throw async::error(async::failure::internal, "a NUL byte cannot be part of an SQL statement");
}

} // namespace

std::string connection::literal(std::string_view text) {
    refuse_nul(text);
    // E'…' means the same whatever standard_conforming_strings says. The space keeps the E from joining a
    // word before it, as in PQescapeLiteral.
    const bool escaped = text.find('\\') != std::string_view::npos;
    std::string quoted = escaped ? " E'" : "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\')
            quoted += c;
        quoted += c;
    }
    quoted += '\'';
    return quoted;
}

std::string connection::identifier(std::string_view name) {
    refuse_nul(name);
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"')
            quoted += c;
        quoted += c;
    }
    quoted += '"';
    return quoted;
}

} // namespace db
