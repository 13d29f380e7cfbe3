// The queries of projections, as their files say them. Reading them asks no database.
// Tested by tests/unit/events/queries/query_desk_test.cpp.
#pragma once

#include "events/queries/query_file.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace events {

struct query_place {
    std::string projection;
    std::vector<std::string> schemas; // where names are found, before public and pg_catalog
    std::vector<std::filesystem::path> files;
};

struct query {
    std::string projection;
    std::string file;     // "revenue/api/user_events.sql"
    std::string settings; // of the transaction, as db::reading_statement has them
    query_file read;
    std::string name; // of the prepared statement; follows from statement and schemas
};

struct query_set {
    std::vector<std::unique_ptr<query>> queries; // no two of the same route
    std::vector<std::string> mistakes;           // "'revenue/api/user_events.sql', line 3: …"
};

struct query_limits {
    std::chrono::milliseconds statement{5'000}; // the server ends a statement that takes longer
};

// A mistake in one file leaves the other files usable. Blocks.
[[nodiscard]] query_set read_queries(const std::vector<query_place>& places, const query_limits& limits = {});

// Whether two paths differ only in the names of their parameters.
[[nodiscard]] bool same_route(std::string_view one, std::string_view other);

} // namespace events
