// `check --for project`: checks everything that projections need. `check --for serve` has parts of it.
// Tested by tests/integration/test_projections.py and tests/integration/test_check_serve.py.
#pragma once

#include "archive/look/preflight.hpp"
#include "db/session_scope.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/control.hpp"

#include <exception>
#include <string>
#include <vector>

namespace app {

struct projection_check_context {
    db::database_access database;
    std::string database_name;                                     // for people, without a password
    const std::vector<events::projection_definition>& definitions; // with their mistakes
    std::string group;
    archive::check_listener ended = {}; // awaited with all lines so far; may be empty
    // Of `check_projections` alone:
    std::exception_ptr unread = {};     // async::error, where the directories cannot be read
    events::journal* journal = nullptr; // null if it cannot be opened, with the reason and what to do
    std::string journal_problem = {};
    std::string journal_remedy = {};
    std::string shipped_problem = {}; // why those that come with the program cannot be used; empty: they can
};

// A line for each directory.
void add_directories(const std::vector<events::projection_definition>& definitions,
                     std::vector<archive::check_line>& lines);
// The lines of the database, and of positions, where there is a journal to compare them with.
[[nodiscard]] async::awaitable<void> check_tables(const projection_check_context& context,
                                                  events::journal* compared,
                                                  std::vector<archive::check_line>& lines);

// Makes all checks, also after one has failed. Changes nothing.
[[nodiscard]] async::awaitable<std::vector<archive::check_line>>
check_projections(projection_check_context context);

} // namespace app
