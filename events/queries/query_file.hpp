// A query as a file of SQL: `-- GET /userEvents/{userId}` in the first line, what comes back in the second,
// then one statement. docs/queries.md describes it. Tested by tests/unit/events/queries/query_file_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace events {

enum class answer_form : std::uint8_t {
    rows,  // an array of objects, one a row
    row,   // the first row as an object
    value, // the first column of the first row, as JSON
    text,  // the same as it is
};

struct query_file {
    std::string path;                    // "/userEvents/{userId}"
    std::vector<std::string> path_names; // "userId": the parameters $1, $2, …
    std::vector<std::string> more_names; // of `?limit&from` behind the path: the parameters after those
    answer_form form = answer_form::rows;
    // The status if no row comes back, or if its value is NULL; nullopt: an empty array of rows is an answer
    // like any other.
    std::optional<unsigned> status_of_none;
    // What is prepared: has a line for each line of the file, and gives one column of text.
    std::string statement;
    std::string mistake; // "line 3: …"; empty: none
};

[[nodiscard]] query_file read_query_file(std::string_view text);

// In which line of the statement's text the character stands, both from 1; 0 for 0.
[[nodiscard]] std::size_t line_of_character(std::string_view statement, std::size_t character) noexcept;

} // namespace events
