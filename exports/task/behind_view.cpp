#include "exports/task/behind_view.hpp"

#include "exports/task/view_definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace exports {

namespace {

// Whether a trigger or a rule replaces a DELETE from the view, how it may be updated (16: by DELETE), and its
// text. Bits of tgtype: 64 INSTEAD OF, 8 DELETE. '4' is a rule on DELETE.
constexpr std::string_view view_sql =
    "SELECT (SELECT pg_catalog.string_agg(by.words, ', '::pg_catalog.text) FROM"
    " (SELECT pg_catalog.concat('trigger ', pg_catalog.quote_ident(g.tgname)) FROM pg_catalog.pg_trigger g"
    " WHERE g.tgrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid AND NOT g.tgisinternal"
    " AND (g.tgtype::pg_catalog.int4 OPERATOR(pg_catalog.&) 72::pg_catalog.int4)"
    " OPERATOR(pg_catalog.=) 72::pg_catalog.int4"
    " UNION ALL SELECT pg_catalog.concat('rule ', pg_catalog.quote_ident(w.rulename))"
    " FROM pg_catalog.pg_rewrite w WHERE w.ev_class OPERATOR(pg_catalog.=) $1::pg_catalog.oid"
    " AND w.ev_type::pg_catalog.text OPERATOR(pg_catalog.=) '4'::pg_catalog.text) AS by (words)),"
    " pg_catalog.pg_relation_is_updatable($1::pg_catalog.oid::pg_catalog.regclass, false)::pg_catalog.int8,"
    " pg_catalog.pg_get_viewdef($1::pg_catalog.oid)";

constexpr std::string_view named_sql =
    "SELECT c.oid::pg_catalog.text, n.nspname::pg_catalog.text, c.relname::pg_catalog.text, "
    "c.relkind::pg_catalog.text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
    " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
    " WHERE c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $2::pg_catalog.text"
    " AND CASE $1::pg_catalog.text WHEN ''::pg_catalog.text THEN pg_catalog.pg_table_is_visible(c.oid)"
    " ELSE n.nspname::pg_catalog.text OPERATOR(pg_catalog.=) $1::pg_catalog.text END";

constexpr std::string_view view_columns_sql =
    "SELECT attname::pg_catalog.text FROM pg_catalog.pg_attribute"
    " WHERE attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid"
    " AND attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT attisdropped ORDER BY attnum";

constexpr std::int64_t updatable_by_delete = 16;

constexpr std::string_view not_simple =
    "is a view, and which rows of which table a DELETE from it takes cannot be seen: name the table itself in"
    " both files";

awaitable<std::vector<std::string>> columns_of(db::connection& session, std::string number) {
    const auto found = co_await session.query(view_columns_sql, number);
    std::vector<std::string> columns;
    for (int row = 0; row < found.rows(); ++row)
        columns.emplace_back(found.text(row, 0));
    co_return columns;
}

// Why rows of the table may have more, or other, fields than the view shows; empty: they have the same.
// `shown`: the view's columns; `seen`: the table's among them, as `view_definition` has them.
std::string difference_of(const std::vector<std::string>& shown, const std::vector<std::string>& seen,
                          const std::vector<std::string>& all, const std::string& table) {
    for (const auto& each : all)
        if (std::ranges::find(shown, each) == shown.end())
            return fmt::format(
                "is a view that does not show column '{}' of {}: name the table itself in both files", each,
                table);
    if (seen == shown && seen.size() == all.size())
        return {};
    return "is a view that does not show its table's columns as they are: name the table itself in both "
           "files";
}

} // namespace

relation_row relation_in(const db::result& found) {
    return {std::string(found.text(0, 0)),
            db::connection::identifier(found.text(0, 1)) + "." + db::connection::identifier(found.text(0, 2)),
            std::string(found.text(0, 3))};
}

awaitable<behind_view> look_behind(db::connection& session, relation_row view) {
    behind_view found;
    auto& at = found.table;
    at = std::move(view);
    const auto say = [&found](const std::string& name, std::string_view clause) {
        if (found.obstacle.empty() && !clause.empty())
            found.obstacle = fmt::format("{} {}", name, clause);
    };
    while (at.kind == "v") {
        const auto seen = co_await session.query(view_sql, at.number);
        const auto said = definition_from(seen.text(0, 2));
        std::optional<db::result> next;
        if (seen.is_null(0, 0) && (seen.integer(0, 1) & updatable_by_delete) != 0 && !said.table.empty()) {
            const std::array names{db::parameter(said.schema), db::parameter(said.table)};
            next = co_await session.query(named_sql, names);
        }
        if (!seen.is_null(0, 0))
            say(at.name,
                fmt::format("is a view, and {} does what a DELETE from it does: name the table itself"
                            " in both files",
                            seen.text(0, 0)));
        if (!next || next->rows() != 1) {
            say(at.name, not_simple);
            co_return found;
        }
        auto table = relation_in(*next);
        const auto shown = co_await columns_of(session, at.number);
        const auto all = co_await columns_of(session, table.number);
        say(at.name, difference_of(shown, said.columns, all, table.name));
        at = std::move(table);
    }
    found.known = true;
    co_return found;
}

} // namespace exports
