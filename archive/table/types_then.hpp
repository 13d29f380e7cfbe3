// The types that the columns of a file had when its rows were written, as the ledger has kept them: what a
// mark's checksum is of. Pure functions.
// Tested by tests/unit/archive/table/types_then_test.cpp.
#pragma once

#include "archive/table/table.hpp"
#include "archive/table/type_definitions.hpp"
#include "archive/table/written_types.hpp"
#include "lake/ledger/types_line.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

struct types_then {
    std::vector<typed_column> columns; // names and types
    type_definitions definitions;      // without oids and versions
};

// What the ledger keeps of the table's types.
[[nodiscard]] lake::noted_types types_to_note(const table_description& table);

// Whether values of any column have labels or attributes in them.
[[nodiscard]] bool has_parts(const type_definitions& definitions) noexcept;

// The text that the ledger keeps, and what it says. Nothing if the checksum is not that of the text.
[[nodiscard]] std::string text_to_keep(const types_then& types);
[[nodiscard]] std::optional<types_then> types_from(std::string_view text, std::uint64_t checksum);
// The same of the ledger's texts; nothing if they do not have the checksum.
[[nodiscard]] std::optional<types_then> types_from(const lake::types_texts& texts, std::uint64_t checksum);

// The places of the columns that have another type today. nullopt if the columns themselves are others.
[[nodiscard]] std::optional<std::vector<std::size_t>> changed_columns(const types_then& then,
                                                                      std::span<const typed_column> columns);

// Whether the labels and attributes of the columns mean what they meant then: labels may have been added to
// enums since, as `added` says. A column that has another type today may not have had any.
[[nodiscard]] bool definitions_kept(const types_then& then, std::span<const typed_column> columns,
                                    const type_definitions& definitions, labels_since added);

} // namespace archive
