#include "events/projection/rebuild/swap_tables.hpp"

#include "async/error.hpp"
#include "events/projection/control.hpp"
#include "events/projection/rebuild/table_shape.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <vector>

namespace events {

namespace {

using async::failure;

// All within a transaction of ours: names are found in pg_catalog alone.

struct table_pair {
    table_name name;
    std::string old_one; // OIDs; empty if there is no such table
    std::string new_one;
};

awaitable<std::string> oid_of(db::connection& session, std::string schema, std::string table) {
    const auto found = co_await session.query(
        "SELECT c.oid::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1::name AND c.relname = $2::name AND c.relkind IN ('r', 'p')",
        schema, table);
    co_return found.rows() == 0 ? std::string() : std::string(found.text(0, 0));
}

awaitable<std::vector<table_pair>> pairs_of(db::connection& session, const projection_definition& which) {
    std::vector<table_pair> pairs;
    for (const auto& each : which.settings.tables) {
        table_pair made;
        made.name = each;
        made.old_one = co_await oid_of(session, each.schema, each.table);
        made.new_one = co_await oid_of(session, rebuild_schema(which), each.table);
        if (made.new_one.empty())
            throw async::error(
                failure::precondition,
                fmt::format("the migrations of projection '{}' make no table '{}' in a schema of their own",
                            which.name, each.table),
                "Let migrations name tables without a schema, and let `tables` list what they make.");
        pairs.push_back(std::move(made));
    }
    co_return pairs;
}

// The old tables that are there.
std::vector<std::string> old_ones_of(const std::vector<table_pair>& pairs) {
    std::vector<std::string> all;
    for (const auto& each : pairs)
        if (!each.old_one.empty())
            all.push_back(each.old_one);
    return all;
}

awaitable<std::int64_t> parts_of_all(db::connection& session, std::vector<table_pair> pairs) {
    std::int64_t all = 0;
    for (const auto& each : pairs)
        all += co_await parts_of(session, each.new_one);
    co_return all;
}

// Where old tables stay: a schema that is not there yet. Earlier ones may have the only copy of some rows.
awaitable<std::string> free_schema(db::connection& session, const projection_definition& which) {
    constexpr int kept_max = 9;
    for (int number = 1; number <= kept_max; ++number) {
        auto name =
            fmt::format("ea_replaced{}_{}", number == 1 ? std::string() : std::to_string(number), which.name);
        const auto there = co_await schema_oid(session, name);
        if (there.empty())
            co_return name;
    }
    throw async::error(
        failure::precondition,
        fmt::format("{} rebuilds of projection '{}' have left their old tables, and there is no"
                    " schema for more",
                    kept_max, which.name),
        fmt::format("Drop those that are not needed: DROP SCHEMA {} CASCADE.",
                    db::connection::identifier("ea_replaced_" + which.name)));
}

awaitable<void> swap_one(db::connection& session, const projection_definition& which, table_pair pair,
                         std::string parking) {
    const auto schema = db::connection::identifier(pair.name.schema);
    const auto table = db::connection::identifier(pair.name.table);
    if (!pair.old_one.empty())
        co_await session.execute(fmt::format("ALTER TABLE {}.{} SET SCHEMA {}", schema, table,
                                             db::connection::identifier(parking)));
    co_await session.execute(fmt::format("ALTER TABLE {}.{} SET SCHEMA {}",
                                         db::connection::identifier(rebuild_schema(which)), table, schema));
    if (!pair.old_one.empty())
        co_await hand_over_privileges(session, pair.old_one, pair.new_one);
}

// Fails if something still depends on an old table that must_be_free_to_swap does not know.
awaitable<void> drop_old_tables(db::connection& session, std::vector<table_pair> pairs, std::string parking) {
    std::string list;
    for (const auto& each : pairs)
        if (!each.old_one.empty())
            list += fmt::format("{}{}.{}", list.empty() ? "" : ", ", db::connection::identifier(parking),
                                db::connection::identifier(each.name.table));
    if (!list.empty())
        co_await session.execute("DROP TABLE " + list);
    co_await session.execute("DROP SCHEMA " + db::connection::identifier(parking));
}

} // namespace

awaitable<void> must_be_free_to_swap(db::connection& session, const projection_definition& which) {
    const auto pairs = co_await pairs_of(session, which);
    const auto old_ones = old_ones_of(pairs);
    std::vector<std::string> schemas{rebuild_schema(which)};
    for (const auto& each : pairs)
        schemas.push_back(each.name.schema);
    for (const auto& each : pairs) {
        if (each.old_one.empty())
            continue;
        auto what = co_await what_depends_on(session, each.old_one, old_ones);
        const auto differing = co_await how_they_differ(session, each.old_one, each.new_one, schemas);
        what += (what.empty() || differing.empty() ? "" : ", ") + differing;
        if (!what.empty())
            throw async::error(
                failure::precondition,
                fmt::format("the table {} cannot be swapped, because the new one would lack or change: {}",
                            each.name.shown(), what),
                "Let a migration make it as the live table has it, or drop what depends on the table and "
                "create"
                " it again afterwards; `projections replay` needs no swap.");
    }
}

awaitable<std::string> swap_tables(db::connection& session, const projection_definition& which,
                                   bool keep_old_ones) {
    const auto pairs = co_await pairs_of(session, which);
    const bool keeps = keep_old_ones && !old_ones_of(pairs).empty();
    auto parking = co_await free_schema(session, which);
    const auto before = co_await parts_of_all(session, pairs);
    co_await session.execute("CREATE SCHEMA " + db::connection::identifier(parking));
    for (const auto& each : pairs)
        co_await swap_one(session, which, each, parking);
    co_await session.execute(
        fmt::format("DROP SCHEMA {} CASCADE", db::connection::identifier(rebuild_schema(which))));
    if (!keeps)
        co_await drop_old_tables(session, pairs, parking);
    const auto after = co_await parts_of_all(session, pairs);
    if (before != after)
        throw async::error(
            failure::precondition,
            fmt::format("the new tables of projection '{}' depend on something else that its migrations make",
                        which.name),
            "For example a type or a function. `projections replay` creates the tables again in place.");
    co_return keeps ? parking : std::string();
}

} // namespace events
