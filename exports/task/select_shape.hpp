// What a task's select.sql has to be, checked by its words alone: comments and quoted texts are passed over.
// It finds mistakes early and names their line; the server decides in the end.
#pragma once

#include <string>
#include <string_view>

namespace exports {

struct select_shape {
    // Commas and double quotes, as the archive writes them: rows can be counted where they stand in the text.
    bool usual_dialect = true;
    std::string mistake; // a clause; empty if the statement is right
    // No option but CSV and HEADER.
    bool plain_dialect = false;
    std::string encoding; // of the file, as ENCODING names it; empty: the session's, UTF-8
    std::string options;  // what stands behind TO STDOUT, word for word
    std::string query;    // what is copied, as a SELECT
};

// One `COPY … TO STDOUT` in CSV with a header, in any spelling that PostgreSQL knows.
[[nodiscard]] select_shape shape_of_select(std::string_view sql);

} // namespace exports
