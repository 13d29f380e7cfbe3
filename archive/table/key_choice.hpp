// Which columns are the key of a table's rows: chosen from the catalog, or refused with a reason. Pure
// functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

struct table_column {
    std::string name;
    std::string type; // as format_type names it
    int number = 0;   // pg_attribute.attnum
    bool not_null = false;
};

struct unique_index {
    std::vector<int> columns; // their numbers; 0 stands for an expression
    bool primary = false;
    bool holds = false; // valid, over all rows, and checked at once
};

// The first `count` of pg_index.indkey as text, "1 3 2": the others are of INCLUDE.
[[nodiscard]] std::vector<int> columns_of_index(std::string_view numbers, std::size_t count);

struct key_choice {
    std::vector<std::string> names; // of the key's columns
    std::string mistake;            // a clause about the table; empty if it will do
    std::string hint;
};

// `wanted`: plain names; none: the primary key's. `unique`: no two rows may have the same key, so that a
// unique index over all of its columns, or some, is asked for, and none of them may be NULL.
[[nodiscard]] key_choice choose_key(const std::vector<table_column>& columns,
                                    const std::vector<unique_index>& indexes,
                                    const std::vector<std::string>& wanted, bool unique);

// Types whose equal values are written by equal text: rows are looked up by it.
[[nodiscard]] bool is_key_type(std::string_view type) noexcept;

} // namespace archive
