#include "archive/table/row_key.hpp"

#include "azure/blob/crc64.hpp"
#include "csv/field_ends.hpp"
#include "lake/content/content_digest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace archive {

row_key::row_key(const table_description& table)
    : row_key(table, table.columns) {}

row_key::row_key(const table_description& table, const std::vector<std::string>& columns) {
    std::size_t last = 0;
    for (const auto& key : table.keys) {
        const auto found = std::ranges::find(columns, key.name);
        positions_.push_back(static_cast<std::size_t>(found - columns.begin()));
        last = std::max(last, positions_.back());
    }
    ends_.resize(last + 1);
}

std::vector<std::string> row_key::fields_of(std::string_view row) {
    csv::find_field_ends(row, ends_);
    std::vector<std::string> fields;
    fields.reserve(positions_.size());
    for (const auto position : positions_)
        fields.emplace_back(csv::unquoted(csv::raw_field(row, ends_, position), storage_));
    return fields;
}

std::uint64_t row_key::hash_of(std::string_view row) {
    constexpr std::uint64_t multiplier = 0x9e37'79b9'7f4a'7c15;
    csv::find_field_ends(row, ends_);
    std::uint64_t hash = 0;
    for (const auto position : positions_)
        hash =
            hash * multiplier + lake::key_hash(csv::unquoted(csv::raw_field(row, ends_, position), storage_));
    return hash;
}

std::uint64_t row_crc(std::string_view row) noexcept {
    return azure::crc64(0, std::as_bytes(std::span(row)));
}

std::string joined_key(const std::vector<std::string>& fields) {
    if (fields.size() == 1)
        return fields.front();
    std::string text;
    for (const auto& field : fields)
        text += fmt::format("{}:{}", field.size(), field);
    return text;
}

std::string key_names(const table_description& table) {
    std::vector<std::string_view> names;
    for (const auto& key : table.keys)
        names.emplace_back(key.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string same_key(const table_description& table, std::string_view left, std::string_view right) {
    std::vector<std::string> pairs;
    for (const auto& key : table.keys)
        pairs.push_back(fmt::format("{0}.{2} = {1}.{2}", left, right, key.quoted));
    return fmt::format("{}", fmt::join(pairs, " AND "));
}

} // namespace archive
