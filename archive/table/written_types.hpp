// Whether the text of a file may be judged as a value of the type that its column has today. The text was
// written by the type that the column had then; a mark keeps a checksum of the types.
// Tested by tests/unit/archive/table/written_types_test.cpp, tests/integration/test_types_since_written.py.
#pragma once

#include "archive/table/type_definitions.hpp"
#include "db/position.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

// What a type's text says of the type that wrote it. Each text is a value of a string type, also "t" that a
// boolean wrote, so that writing it back proves nothing.
enum class text_kind : std::uint8_t { own_form, any_string, strings_inside };

// A column of a file, and its type in the table today.
struct typed_column {
    std::string name;
    std::string type; // as format_type has it, with its modifier; empty: the table lacks the column
    text_kind kind = text_kind::own_form;
};

// As `table_description::types` has it. `definitions`: their text.
[[nodiscard]] std::uint64_t types_checksum(std::span<const typed_column> columns,
                                           std::string_view definitions);

// Which labels an enum may not have had when rows were written. In the database that wrote them, labels that
// were added since have the largest oids. A database that was dumped and restored numbers all of them again.
enum class labels_since : std::uint8_t { the_latest, any };
[[nodiscard]] labels_since labels_added(const db::server_position& then,
                                        const db::server_position& here) noexcept;

// Whether a table of these columns, with their types of today, had the checksum `written` at any time: labels
// may have been added to enums since, and columns to the table. Of labels_made_together(), and with `any` of
// all, each set of up to 12 labels is tried, and sets of one or two of more labels, as long as that is quick.
[[nodiscard]] bool had_these_types(std::span<const typed_column> columns, const type_definitions& definitions,
                                   std::uint64_t written, labels_since added);

struct earlier_type {
    std::size_t column = 0;
    std::string type; // that it had when the file was written
};

// The one column whose type has changed since a checksum was `written`, if one column with a built-in type
// explains it. Nothing if not.
[[nodiscard]] std::optional<earlier_type> type_when_written(std::span<const typed_column> columns,
                                                            const type_definitions& definitions,
                                                            std::uint64_t written);

// Whether an expression may read the column: false only if it certainly does not. `row_name`: of the table,
// by which all of its columns can be read.
[[nodiscard]] bool may_read(std::string_view condition, std::string_view column, std::string_view row_name);

// Whether text written as `before` is a string that `today`, a type of strings, would have written for the
// same value. Both as format_type has them.
[[nodiscard]] bool same_strings(std::string_view before, std::string_view today);

// Whether a string may have been written by a type that is not of strings, or pads them.
[[nodiscard]] bool may_be_of_other_type(std::string_view text, text_kind today);

} // namespace archive
