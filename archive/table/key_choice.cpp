#include "archive/table/key_choice.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace archive {

namespace {

constexpr std::array<std::string_view, 11> key_types{"smallint",
                                                     "integer",
                                                     "bigint",
                                                     "text",
                                                     "character varying",
                                                     "character",
                                                     "uuid",
                                                     "date",
                                                     "bytea",
                                                     "timestamp without time zone",
                                                     "timestamp with time zone"};

const table_column* column_of(const std::vector<table_column>& columns, int number) {
    const auto found = std::ranges::find(columns, number, &table_column::number);
    return found == columns.end() ? nullptr : &*found;
}

// The names an index is over, if they can be a key; otherwise none.
std::vector<std::string> names_of(const std::vector<table_column>& columns, const unique_index& index) {
    std::vector<std::string> names;
    if (!index.holds)
        return names;
    for (const auto number : index.columns) {
        const auto* column = column_of(columns, number);
        if (column == nullptr || !column->not_null || !is_key_type(column->type))
            return {};
        names.push_back(column->name);
    }
    return names;
}

// ARCHIVE_KEY_COLUMN=id, ARCHIVE_KEY_COLUMN=tenant,id
std::string usable_keys(const std::vector<table_column>& columns, const std::vector<unique_index>& indexes) {
    std::vector<std::string> usable;
    for (const auto& index : indexes)
        if (const auto names = names_of(columns, index); !names.empty())
            usable.push_back(fmt::format("ARCHIVE_KEY_COLUMN={}", fmt::join(names, ",")));
    if (usable.empty())
        return "It has no usable key: create a unique index, not partial and not deferrable, over columns "
               "that"
               " are NOT NULL.";
    return fmt::format("Its usable keys: {}.", fmt::join(usable, "; "));
}

std::vector<std::string> primary_key(const std::vector<table_column>& columns,
                                     const std::vector<unique_index>& indexes) {
    std::vector<std::string> names;
    const auto found = std::ranges::find(indexes, true, &unique_index::primary);
    if (found == indexes.end())
        return names;
    for (const auto number : found->columns) {
        const auto* column = column_of(columns, number);
        if (column == nullptr)
            return {};
        names.push_back(column->name);
    }
    return names;
}

} // namespace

std::vector<int> columns_of_index(std::string_view numbers, std::size_t count) {
    std::vector<int> columns;
    const auto* at = numbers.data();
    const auto* const end = at + numbers.size();
    while (at != end && columns.size() < count) {
        int number = 0;
        const auto [next, failed] = std::from_chars(at, end, number);
        if (failed != std::errc())
            break;
        columns.push_back(number);
        at = next != end && *next == ' ' ? next + 1 : next;
    }
    return columns;
}

bool is_key_type(std::string_view type) noexcept {
    return std::ranges::find(key_types, type) != key_types.end();
}

key_choice choose_key(const std::vector<table_column>& columns, const std::vector<unique_index>& indexes,
                      const std::vector<std::string>& wanted, bool unique) {
    key_choice chosen{wanted, {}, usable_keys(columns, indexes)};
    if (chosen.names.empty())
        chosen.names = primary_key(columns, indexes);
    if (chosen.names.empty()) {
        chosen.mistake = "has no primary key that can tell rows apart";
        return chosen;
    }
    const auto& names = chosen.names;
    for (const auto& name : names) {
        const auto column = std::ranges::find(columns, name, &table_column::name);
        if (column == columns.end()) {
            chosen.mistake = fmt::format("has no column '{}'", name);
            chosen.hint = "Name the column with ARCHIVE_KEY_COLUMN. " + chosen.hint;
        } else if (!is_key_type(column->type)) {
            chosen.mistake = fmt::format("has a column '{}' of type {}, which cannot be part of a key", name,
                                         column->type);
            chosen.hint = "A key is of integers, text, varchar, char(n), uuid, bytea, date or timestamps. " +
                          chosen.hint;
        } else if (unique && !column->not_null) {
            chosen.mistake = fmt::format("may have NULL in column '{}' of the key", name);
        }
        if (!chosen.mistake.empty())
            return chosen;
    }
    const auto covers = [&](const unique_index& index) {
        const auto indexed = names_of(columns, index);
        return !indexed.empty() && std::ranges::all_of(indexed, [&](const std::string& name) {
            return std::ranges::find(names, name) != names.end();
        });
    };
    if (unique && std::ranges::none_of(indexes, covers))
        chosen.mistake =
            fmt::format("may have several rows of the same key ({}): no valid unique index, neither"
                        " partial nor deferrable, is over its columns",
                        fmt::join(names, ", "));
    return chosen;
}

} // namespace archive
