// A projection as its directory describes it. docs/projections.md says what lies there.
#pragma once

#include "events/projection/apply_sql.hpp"
#include "events/projection/configuration_file.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace events {

struct migration {
    std::string name; // "migrations/001_table.sql", "plugins/usage/migrations/001.sql"
    std::string sql;
};

struct plugin {
    std::string name;
    apply_sql apply; // no statement: it only has migrations or queries
};

struct projection_definition {
    std::string name; // of the directory
    std::filesystem::path directory;
    projection_settings settings;
    std::vector<migration> migrations; // in the order in which they are applied
    apply_sql apply;
    std::vector<plugin> plugins;            // in the order in which they are applied
    std::vector<std::filesystem::path> api; // the files of its queries and its plugins', by name
    std::string mistake;        // a clause that names file and line and says why it cannot run; empty: it can
    bool is_configured = false; // its name and its projection.conf are right, whatever else is not

    // The texts of all files that name tables, each with its path behind the directory.
    std::vector<std::pair<std::string, std::string>> sql_files;
};

// Letters, digits, `_` and `-` of ASCII, at most 50, a letter or digit first: it is part of a schema's name.
[[nodiscard]] bool is_projection_name(std::string_view name) noexcept;

// What lies in `directory`, whose name is the projection's. Blocks.
[[nodiscard]] projection_definition read_projection(const std::filesystem::path& directory);

// By name, each name once: those of a later place count instead of those of an earlier one. A place is a
// directory of projections, or a projection itself; directories in it without a projection.conf are skipped.
// Throws async::error(precondition) for a place that cannot be read. Blocks.
[[nodiscard]] std::vector<projection_definition>
read_projections(const std::vector<std::filesystem::path>& places);

// Where the projections that come with the program are: share/event-archiver/projections beside its bin, or
// the sources' own in a build. nullopt if they are in neither place. Blocks.
[[nodiscard]] std::optional<std::filesystem::path> shipped_projections();

} // namespace events
