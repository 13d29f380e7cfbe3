#include "archive/run/new_table.hpp"

#include "archive/table/file_header.hpp"
#include "archive/table/restore_limits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <string_view>

namespace archive {

awaitable<std::string> create_statement(db::connection& session, lake::folder& folder, std::string target,
                                        const std::vector<const lake::listed_file*>& files,
                                        const table_description& source) {
    std::vector<std::string> columns; // of all files, each once
    std::vector<std::string> common;  // that each file has
    for (const auto* file : files) {
        const auto own = co_await columns_of(folder, *file, source);
        must_name_key_and_time(*file, own, source);
        const auto is_new = [&columns](const std::string& name) {
            return std::ranges::find(columns, name) == columns.end();
        };
        if (columns.empty())
            common = own;
        std::ranges::copy_if(own, std::back_inserter(columns), is_new);
        std::erase_if(common,
                      [&own](const std::string& name) { return std::ranges::find(own, name) == own.end(); });
    }
    if (columns == source.columns && common == columns) {
        auto sql = fmt::format("CREATE TABLE {} (LIKE {} INCLUDING ALL)", target, source.name);
        // A copy of such a constraint is valid: it would refuse rows that the table had.
        for (const auto& check : co_await unproven_checks(session, source.oid))
            sql += fmt::format("; ALTER TABLE {} DROP CONSTRAINT {}", target, check);
        co_return sql;
    }

    const auto oid = std::to_string(source.oid);
    const auto known = co_await session.query(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), coalesce(a.attnum = ANY (i.indkey::int2[]), "
        "false)"
        " FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary"
        " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped",
        std::string_view(oid));
    std::map<std::string, std::string, std::less<>> types;
    std::vector<std::string> key;
    bool has_key = true;
    for (int row = 0; row < known.rows(); ++row) {
        const std::string name(known.text(row, 0));
        types.emplace(name, known.text(row, 1));
        if (!known.boolean(row, 2))
            continue;
        key.push_back(db::connection::identifier(name));
        has_key = has_key && std::ranges::find(common, name) != common.end();
    }
    std::vector<std::string> parts;
    for (const auto& name : columns) {
        const auto type = types.find(name);
        parts.push_back(fmt::format("{} {}", db::connection::identifier(name),
                                    type == types.end() ? std::string_view("text") : type->second));
    }
    if (has_key && !key.empty())
        parts.push_back(fmt::format("PRIMARY KEY ({})", fmt::join(key, ", ")));
    co_return fmt::format("CREATE TABLE {} ({})", target, fmt::join(parts, ", "));
}

} // namespace archive
