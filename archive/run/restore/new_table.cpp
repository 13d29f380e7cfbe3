#include "archive/run/restore/new_table.hpp"

#include "archive/table/file_header.hpp"
#include "archive/table/restore_limits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

namespace archive {

namespace {

// What indexes a table made like this one is to have. Two rows of the file may have had a value one after the
// other that a table has once at a time, so UNIQUE and EXCLUDE beside the key stay away.
struct wanted_indexes {
    bool all = true;
    std::string primary_key; // its columns, quoted; empty: it has none
};

awaitable<wanted_indexes> choose_indexes(db::connection& session, std::uint32_t source) {
    const auto oid = std::to_string(source);
    const auto found = co_await session.query(
        "SELECT count(*) FILTER (WHERE i.indisunique OR i.indisexclusion) > 1,"
        " coalesce((SELECT string_agg(quote_ident(a.attname), ', '::text ORDER BY k.place)"
        "  FROM pg_index p CROSS JOIN unnest(p.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)"
        "  JOIN pg_attribute a ON a.attrelid = p.indrelid AND a.attnum = k.attnum"
        "  WHERE p.indrelid = $1::oid AND p.indisprimary AND k.place <= p.indnkeyatts), '')"
        " FROM pg_index i WHERE i.indrelid = $1::oid",
        std::string_view(oid));
    co_return wanted_indexes{!found.boolean(0, 0), std::string(found.text(0, 1))};
}

} // namespace

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
        const auto indexes = co_await choose_indexes(session, source.named.oid);
        auto sql = fmt::format("CREATE TABLE {} (LIKE {} INCLUDING ALL{})", target, source.name,
                               indexes.all ? "" : " EXCLUDING INDEXES");
        if (!indexes.all && !indexes.primary_key.empty())
            sql += fmt::format("; ALTER TABLE {} ADD PRIMARY KEY ({})", target, indexes.primary_key);
        // A copy of such a constraint is valid: it would refuse rows that the table had.
        for (const auto& check : co_await unproven_checks(session, source.named.oid))
            sql += fmt::format("; ALTER TABLE {} DROP CONSTRAINT {}", target, check);
        co_return sql;
    }

    const auto oid = std::to_string(source.named.oid);
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
