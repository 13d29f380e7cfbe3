// What a task's delete.sql says, from its words alone: which table it deletes from, and whether it can be
// made to return the rows that it deletes.
// Tested by tests/unit/exports/task/select_shape_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace exports {

struct delete_shape {
    std::string mistake;     // a clause with its line; empty if it is right
    bool unverified = false; // its author vouches for it in a comment
    // Columns that select.sql leaves out on purpose: of the comment `-- event-archiver: leaves out a, b`.
    std::vector<std::string> left_out;
    // Why it cannot return the rows that it deletes, a clause with its line; empty: it can.
    std::string obstacle;
    std::string statement;        // without a RETURNING, the semicolon, and comments at the end
    std::string own_returning;    // the list behind RETURNING, if it has one
    std::string target;           // the table's name as it stands there, "chat.message"
    std::string column_qualifier; // the table's alias, or its name
    bool only = false;            // DELETE FROM ONLY
};

// One statement that begins with DELETE, or with WITH.
[[nodiscard]] delete_shape shape_of_delete(std::string_view sql);

} // namespace exports
