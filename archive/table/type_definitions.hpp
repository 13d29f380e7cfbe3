// The definitions that the text of a table's rows depends on, beside the names of its types: labels of enums,
// attributes of composites, the types under domains. Renaming one changes the text, or the meaning, of an
// unchanged row. Tested by tests/unit/archive/table/type_definitions_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

struct definition_line {
    enum class kind : std::uint8_t { label, attribute, base };

    kind what = kind::base;
    std::string text;
    std::string unnamed;     // of an attribute: the same without its name, as marks of 0.1.0 have it
    std::uint32_t label = 0; // of an enum's label: its oid. Labels that are added later have larger ones
    std::vector<std::string> columns; // the columns of the table that the line is about
    std::string version; // another one once the definition was changed, even if it was changed back
    bool operator==(const definition_line&) const = default;
};

struct type_definitions {
    std::vector<definition_line> lines;
    bool names_in_text = false; // a type is regclass or the like, written by a name that may change

    // As a checksum has it; empty: no type has a definition.
    [[nodiscard]] std::string text() const;
    // The same of a table that has these columns alone, before the label with the oid `first_left_out` was
    // added and those after it.
    static constexpr std::uint64_t all_labels = std::numeric_limits<std::uint64_t>::max();
    [[nodiscard]] std::string text_of(std::span<const std::string> columns,
                                      std::uint64_t first_left_out = all_labels, bool named = true) const;
    // Whether values of the column have labels, or attributes, in them.
    [[nodiscard]] bool has(definition_line::kind what, std::string_view column) const;
    bool operator==(const type_definitions&) const = default;
};

// In a transaction that finds names in pg_catalog alone.
[[nodiscard]] async::awaitable<type_definitions> read_definitions(db::connection& session,
                                                                  std::uint32_t table);

} // namespace archive
