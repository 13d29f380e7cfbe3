#include "exports/task/target_table.hpp"

#include "exports/task/behind_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace exports {

namespace {

constexpr std::string_view table_sql =
    "SELECT c.oid::pg_catalog.text, n.nspname::pg_catalog.text, c.relname::pg_catalog.text, "
    "c.relkind::pg_catalog.text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
    " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
    " WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1::pg_catalog.text)::pg_catalog.oid";

constexpr std::string_view columns_sql =
    "SELECT attnum::pg_catalog.text, attname::pg_catalog.text, attnotnull"
    " FROM pg_catalog.pg_attribute WHERE attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid"
    " AND attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT attisdropped ORDER BY attnum";

constexpr std::string_view keys_sql =
    "SELECT indkey::pg_catalog.text, indnkeyatts::pg_catalog.text FROM pg_catalog.pg_index"
    " WHERE indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND indisunique AND indisvalid"
    " AND indpred IS NULL AND indexprs IS NULL ORDER BY indisprimary DESC, indexrelid";

// All that inherit from it, over any number of generations, itself included.
constexpr std::string_view heirs_sql =
    "WITH RECURSIVE heirs AS (SELECT $1::pg_catalog.oid AS member UNION"
    " SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN heirs h"
    " ON i.inhparent OPERATOR(pg_catalog.=) h.member)"
    " SELECT c.relname::pg_catalog.text, c.relkind::pg_catalog.text, EXISTS (SELECT FROM"
    " pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND NOT a.attisdropped"
    " AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2"
    " AND a.attinhcount OPERATOR(pg_catalog.=) 0),"
    " c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid"
    " FROM heirs JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) heirs.member ORDER BY 1";

struct column {
    std::string name;
    bool not_null;
};

// The names of the first `size` columns of "1 3 2", an index's; empty if one of them can be NULL.
std::vector<std::string> key_of(std::string_view numbers, std::size_t size,
                                const std::map<std::string, column, std::less<>>& columns) {
    std::vector<std::string> key;
    while (key.size() < size && !numbers.empty()) {
        const auto end = std::min(numbers.find(' '), numbers.size());
        const auto found = columns.find(numbers.substr(0, end));
        if (found == columns.end() || !found->second.not_null)
            return {};
        key.push_back(found->second.name);
        numbers.remove_prefix(std::min(end + 1, numbers.size()));
    }
    return key;
}

std::string obstacle_in(const db::result& heirs) {
    for (int row = 0; row < heirs.rows(); ++row) {
        const auto name = heirs.text(row, 0);
        if (heirs.text(row, 1) == "f")
            return fmt::format("'{}' is a foreign table: its server commits apart from this one", name);
        if (heirs.boolean(row, 2) && !heirs.boolean(row, 3))
            return fmt::format("'{}', which inherits from it, has columns of its own", name);
    }
    return {};
}

} // namespace

awaitable<std::optional<target_table>> find_target(db::connection& session, std::string name, bool only) {
    const auto table = co_await session.query(table_sql, name);
    if (table.rows() == 0)
        co_return std::nullopt;
    const auto named = relation_in(table);
    const auto behind = co_await look_behind(session, named);
    const auto& number = behind.table.number;
    target_table found;
    found.name = named.name;
    found.obstacle = behind.obstacle;
    if (behind.known)
        found.relation = static_cast<std::uint32_t>(std::stoul(number));
    const auto columns = co_await session.query(columns_sql, number);
    std::map<std::string, column, std::less<>> by_number;
    for (int row = 0; row < columns.rows(); ++row) {
        found.columns.emplace_back(columns.text(row, 1));
        by_number.emplace(columns.text(row, 0), column{found.columns.back(), columns.boolean(row, 2)});
    }
    const bool view = named.kind == "v";
    const bool partitioned = behind.table.kind == "p";
    only = only && !view; // ONLY does not reach behind a view
    const auto heirs = co_await session.query(heirs_sql, number);
    if (found.obstacle.empty() && (!only || behind.table.kind == "f"))
        found.obstacle = obstacle_in(heirs);
    // An index of a table does not cover the tables that inherit from it.
    if (heirs.rows() > 1 && !only && !partitioned)
        co_return found;
    const auto keys = co_await session.query(keys_sql, number);
    for (int row = 0; row < keys.rows(); ++row) {
        auto key = key_of(keys.text(row, 0), static_cast<std::size_t>(keys.integer(row, 1)), by_number);
        if (!key.empty())
            found.keys.push_back(std::move(key));
    }
    co_return found;
}

awaitable<std::set<std::string>> partitions_of(db::connection& session, std::uint32_t relation) {
    std::set<std::string> members;
    if (relation == 0)
        co_return members;
    const auto number = std::to_string(relation);
    const auto found =
        co_await session.query("SELECT relid::pg_catalog.oid::pg_catalog.text"
                               " FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass)",
                               number);
    for (int row = 0; row < found.rows(); ++row)
        members.emplace(found.text(row, 0));
    co_return members;
}

} // namespace exports
