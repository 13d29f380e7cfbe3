// The definitions that the text of a table's rows depends on, beside the names of its types: labels of enums,
// attributes of composites, the types under domains. Renaming one changes the text, or the meaning, of an
// unchanged row. Tested by tests/unit/archive/table/type_definitions_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

struct definition_line {
    enum class kind : std::uint8_t { label, attribute, base };

    kind what = kind::base;
    std::string type;        // that it is a part of, as format_type has it
    std::uint32_t place = 0; // of a label or an attribute among those of its type, from 1
    std::string value;       // the label; the type and name of an attribute; the type under a domain
    std::uint32_t label = 0; // of an enum's label: its oid. Labels that are added later have larger ones
    std::vector<std::string> columns; // the columns of the table that the line is about
    std::string version; // another one once the definition was changed, even if it was changed back
    bool operator==(const definition_line&) const = default;
};

struct type_definitions {
    std::vector<definition_line> lines; // those of a type together, in the order of their places
    bool names_in_text = false;         // a type is regclass or the like, written by a name that may change

    // As a checksum has it; empty: no type has a definition.
    [[nodiscard]] std::string text() const;
    // The same of a table that has these columns alone, without some labels: their oids, ascending. A dump
    // that is restored gives the rest the same text, whatever came and went in between.
    [[nodiscard]] std::string text_of(std::span<const std::string> columns,
                                      std::span<const std::uint32_t> left_out = {}) const;
    // The oids of all labels, ascending: in a database that was not moved, from the oldest to the latest.
    [[nodiscard]] std::vector<std::uint32_t> labels() const;
    // Those of enums all of whose labels one transaction has made: the type may have been made again, with
    // more labels, and have taken its columns over. A label that was renamed or added later has a version of
    // its own.
    [[nodiscard]] std::vector<std::uint32_t> labels_made_together() const;
    // Whether values of the column have labels, or attributes, in them.
    [[nodiscard]] bool has(definition_line::kind what, std::string_view column) const;
    bool operator==(const type_definitions&) const = default;
};

// In a transaction that finds names in pg_catalog alone.
[[nodiscard]] async::awaitable<type_definitions> read_definitions(db::connection& session,
                                                                  std::uint32_t table);

} // namespace archive
