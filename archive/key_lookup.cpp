#include "archive/key_lookup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace archive {

namespace {

// {"a","b"} as PostgreSQL reads an array.
std::string array_literal(std::span<const std::string> keys) {
    std::string text = "{";
    for (const auto& key : keys) {
        if (text.size() > 1)
            text += ',';
        text += '"';
        for (const char letter : key) {
            if (letter == '"' || letter == '\\')
                text += '\\';
            text += letter;
        }
        text += '"';
    }
    return text += '}';
}

} // namespace

awaitable<std::vector<std::string>> keys_in_table(db::connection& session, const table_description& table,
                                                  const std::vector<std::string>& keys, std::string where) {
    auto sql = fmt::format("SELECT DISTINCT {0}::text FROM {1} WHERE {0} = ANY($1::{2}[])", table.key_column,
                           table.name, table.key_type);
    if (!where.empty())
        sql += fmt::format(" AND ({})", where);
    std::vector<std::string> present;
    for (std::size_t from = 0; from < keys.size(); from += keys_per_query) {
        const auto count = std::min(keys_per_query, keys.size() - from);
        const auto list = array_literal(std::span(keys).subspan(from, count));
        const std::array parameters{db::parameter(list)};
        const auto found = co_await session.query(sql, parameters);
        for (int row = 0; row < found.rows(); ++row)
            present.emplace_back(found.text(row, 0));
    }
    co_return present;
}

bool has_sample_of(const file_mark& mark, const table_description& table) {
    return mark.now.sample && mark.table == table_in_mark(table) &&
           mark.now.sample->key_columns == std::vector{table.columns[table.key_position]};
}

} // namespace archive
