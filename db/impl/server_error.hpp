// Makes errors of what libpq reports.
// Tested by tests/fault/test_values_in_errors.py.
#pragma once

#include "db/error.hpp"
#include "db/impl/libpq.hpp"

#include <string>
#include <string_view>

namespace db {

// An error with what the server said, or libpq in its place if the result did not come from the server.
[[nodiscard]] error error_of(const PGresult* failed, bool connection_usable);
// What libpq says about the connection itself: it is lost, or out of step because memory ran out.
[[nodiscard]] error broken_connection(const PGconn* handle);

// libpq's text on one line.
[[nodiscard]] std::string one_line(std::string_view text);
// The fields of a server's error that matter here.
struct server_words {
    std::string state;
    std::string text; // in the server's language
    std::string schema, table, column, constraint, type;
    std::string source;        // the server's function that raised it, the same in every language
    bool in_statement = false; // a place in the statement's own text is wrong
    bool in_context = false;   // it arose inside a function, a trigger or a COPY
};
// True if the text is known to hold no value of a row. Any other text may hold one: that of a data exception,
// of a RAISE, or a name that was made of a row's text.
[[nodiscard]] bool is_harmless(const server_words& said);
// The text where it is harmless; else the condition, and the names that come apart from the text, where it is
// known that the server itself has set them.
[[nodiscard]] std::string describe(const server_words& said);

} // namespace db
