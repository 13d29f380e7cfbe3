#include "archive/settle/alike_rows.hpp"

#include "archive/table/row_key.hpp"

#include <fmt/format.h>

namespace archive {

namespace {

std::string by_all_columns(const wanted_row& row) {
    return fmt::format("{}//{}", row.crc, joined_key(row.key));
}

std::string by_column(const wanted_row& row, std::size_t column) {
    return fmt::format("{}/{}/{}", row.crc, column, row.key[column]);
}

} // namespace

alike_rows::alike_rows(std::span<const wanted_row> rows)
    : taken_(rows.size()) {
    for (std::size_t each = 0; each < rows.size(); ++each) {
        rows_[by_all_columns(rows[each])].push_back(each);
        for (std::size_t column = 0; column < rows[each].key.size(); ++column)
            rows_[by_column(rows[each], column)].push_back(each);
    }
}

std::optional<std::size_t> alike_rows::take(const wanted_row& there, key_share shared) {
    auto found = take_named(by_all_columns(there));
    const auto columns = shared == key_share::a_column ? there.key.size() : 0;
    for (std::size_t column = 0; column < columns && !found; ++column)
        found = take_named(by_column(there, column));
    return found;
}

std::optional<std::size_t> alike_rows::take_named(const std::string& name) {
    const auto found = rows_.find(name);
    if (found == rows_.end())
        return std::nullopt;
    auto& left = found->second;
    while (!left.empty() && taken_[left.back()])
        left.pop_back();
    if (left.empty())
        return std::nullopt;
    taken_[left.back()] = true;
    return left.back();
}

} // namespace archive
