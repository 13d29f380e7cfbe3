// The database's half of the preflight.
// Tested by tests/integration/test_check.py.

#include "archive/look/preflight.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/table.hpp"
#include "async/caught.hpp"
#include "db/session_scope.hpp"
#include "db/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace archive {

using async::failure;

namespace {

// "about 300,000 rows"
std::string rows_known(const table_description& table) {
    if (table.rows_estimate < 0) // neither VACUUM nor ANALYZE has counted them
        return "not analyzed yet";
    auto digits = fmt::format("{:.0f}", table.rows_estimate);
    for (auto at = digits.size(); at > 3; at -= 3)
        digits.insert(at - 3, ",");
    return fmt::format("about {} rows", digits);
}

constexpr std::string_view long_running = "1 hour";

awaitable<void> check_server(db::connection& session, std::vector<check_line>& lines) {
    lines.push_back(judge_version(session.server_version()));
    const auto before = std::chrono::system_clock::now();
    const auto seen = co_await session.query(
        "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only'), pg_backend_pid(),"
        " (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    const auto after = std::chrono::system_clock::now();
    lines.push_back(judge_primary(seen.boolean(0, 0), seen.text(0, 1) == "on"));
    // A pooler hands out cancel keys of its own.
    if (seen.integer(0, 2) == session.backend_pid())
        add_line(lines, "pooler", check_status::ok, "none: the connection is direct");
    else
        add_line(lines, "pooler", check_status::ok,
                 "a pooler is in front: transaction mode and session mode both work");
    const std::chrono::sys_time<std::chrono::milliseconds> theirs{
        std::chrono::milliseconds(seen.integer(0, 3))};
    const auto ours = std::chrono::time_point_cast<std::chrono::milliseconds>(before + (after - before) / 2);
    lines.push_back(judge_clock("database clock", theirs - ours));
}

awaitable<void> check_rights(db::connection& session, const table_description& table, preflight_aim aim,
                             std::vector<check_line>& lines) {
    const auto oid = std::to_string(table.named.oid);
    const std::array parameters{db::parameter(oid)};
    const auto seen = co_await session.query(
        "SELECT quote_ident(current_user), quote_ident(n.nspname), has_schema_privilege(n.oid, 'USAGE'),"
        " (SELECT bool_and(has_column_privilege(c.oid, a.attnum, 'SELECT')) FROM pg_attribute a"
        "  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),"
        " has_table_privilege(c.oid, 'DELETE'), row_security_active(c.oid),"
        " has_table_privilege(c.oid, 'INSERT'), has_database_privilege(current_database(), 'TEMPORARY'),"
        " quote_ident(current_database())"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid",
        parameters);
    table_rights rights;
    rights.table = table.name;
    rights.role = seen.text(0, 0);
    rights.schema = seen.text(0, 1);
    rights.usage = seen.boolean(0, 2);
    rights.select = seen.boolean(0, 3);
    rights.remove = seen.boolean(0, 4);
    rights.insert = seen.boolean(0, 6);
    rights.temporary = seen.boolean(0, 7);
    rights.database = seen.text(0, 8);
    for (auto& line : judge_rights(rights, aim))
        lines.push_back(std::move(line));
    if (seen.boolean(0, 5))
        add_line(
            lines, "row security", check_status::warning,
            aim == preflight_aim::restore
                ? "policies decide which rows this role may see and insert; one that they refuse ends a "
                  "restore"
                : "policies decide which rows this role may see and delete; where they disagree, a run ends "
                  "with exit code 7",
            fmt::format("CREATE POLICY {} ON {} TO {} USING (true);",
                        aim == preflight_aim::restore ? "restorer" : "archiver", table.name, rights.role));
    else
        add_line(lines, "row security", check_status::ok, "no policy applies");
}

// Warns of what a successful run would not notice. Adds no line where nothing is wrong.
awaitable<void> check_gaps(db::connection& session, const table_description& table,
                           std::vector<check_line>& lines) {
    const auto oid = std::to_string(table.named.oid);
    const std::array parameters{db::parameter(oid)};
    const auto seen = co_await session.query(
        "SELECT (SELECT string_agg(quote_ident(attname::text), ', '::text ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped AND attgenerated <> ''),"
        " current_setting('session_replication_role'),"
        " (SELECT string_agg(quote_ident(attname::text), ', '::text ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped"
        " AND atttypid IN ('xml'::regtype, 'xml[]'::regtype))",
        parameters);
    if (!seen.is_null(0, 2))
        add_line(lines, "xml", check_status::warning,
                 fmt::format(
                     "PostgreSQL sends {} without the XML declaration, unless its version or standalone is "
                     "unusual: a restored value equals the archived one but for that",
                     seen.text(0, 2)),
                 "Where the declaration itself counts, make the column text.");
    if (table.names_in_text)
        add_line(
            lines, "names", check_status::warning,
            "values of regclass or the like are in the files as names: a restored one means what has that "
            "name "
            "then",
            "Where an object may be renamed, keep its number: ALTER TABLE … ALTER … TYPE oid.");
    if (!seen.is_null(0, 0))
        add_line(
            lines, "generated columns", check_status::warning,
            fmt::format("{} are in no file: a restore computes them again, by what their expressions and "
                        "functions say then",
                        seen.text(0, 0)),
            "Where a value must stay as it was, make the column a plain one: ALTER TABLE … ALTER … DROP "
            "EXPRESSION, and a trigger that fills it.");
    if (seen.text(0, 1) == "replica")
        add_line(
            lines, "foreign keys", check_status::warning,
            "the role's session_replication_role is 'replica': foreign keys and most triggers do not run, so "
            "rows that other rows refer to are deleted",
            "ALTER ROLE … RESET session_replication_role, and the same for the database.");
}

void check_indexes(const table_description& table, std::vector<check_line>& lines) {
    if (table.indexed_by_time)
        add_line(lines, "index", check_status::ok, fmt::format("one leads with {}", table.time_column));
    else
        add_line(
            lines, "index", check_status::warning,
            fmt::format("none leads with {}: each run reads all {} pages of the table twice, once to copy and"
                        " once to delete",
                        table.time_column, table.pages),
            fmt::format("CREATE INDEX CONCURRENTLY ON {} ({});", table.name, table.time_column));
}

// They keep the space of deleted rows from being used again.
awaitable<void> check_transactions(db::connection& session, std::vector<check_line>& lines) {
    const auto seen = co_await session.query(
        fmt::format("SELECT count(*), coalesce(max(date_trunc('second', now() - since))::text, '')"
                    " FROM (SELECT xact_start AS since FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                    "       AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)"
                    "       UNION ALL SELECT prepared FROM pg_prepared_xacts) AS open"
                    " WHERE since < now() - interval '{}'",
                    long_running));
    if (seen.integer(0, 0) == 0)
        add_line(lines, "transactions", check_status::ok,
                 fmt::format("no transaction older than {} is visible", long_running));
    else
        add_line(lines, "transactions", check_status::warning,
                 fmt::format("{} have been open for up to {}: vacuum cannot reuse the space of deleted rows",
                             seen.integer(0, 0), seen.text(0, 1)),
                 "Look in pg_stat_activity (xact_start) and pg_prepared_xacts, and end what was forgotten.");
}

awaitable<void> check_enough_connections(db::connection& session, const preflight_context& context,
                                         std::vector<check_line>& lines) {
    connections_needed needed;
    if (context.aim == preflight_aim::archive) {
        needed.most = std::max(2, static_cast<int>(context.settings.parallel) + 1);
        needed.fewer = "a smaller ARCHIVE_PARALLEL";
    }
    co_await check_connections(session, needed, lines);
}

// Adds the lines about the table itself. Returns what the other checks need: a table whose key is not unique
// is described too.
awaitable<std::optional<table_description>> check_table(db::connection& session, named_table named,
                                                        const settings& wanted,
                                                        std::vector<check_line>& lines) {
    const auto described = [&](key_demand demand) {
        return async::outcome_of(
            describe_table(session, named, wanted.time_column, wanted.key_columns, demand));
    };
    auto fit = co_await described(key_demand::unique);
    if (fit.failed) {
        lines.push_back(failed_line("table", fit.failed));
        auto any = co_await described(key_demand::any);
        co_return std::move(any.value);
    }
    const auto& table = *fit.value;
    add_line(lines, "table", check_status::ok,
             fmt::format("{}, time {}, key {} ({}), {}", table.name, table.time_column, key_names(table),
                         table.keys.front().type, rows_known(table)));
    add_line(lines, "key", check_status::ok, fmt::format("a unique index covers {}", key_names(table)));
    co_return std::move(fit.value);
}

awaitable<void> check_contents(db::connection& session, const preflight_context& context,
                               const table_description& table, std::vector<check_line>& lines) {
    co_await check_rights(session, table, context.aim, lines);
    co_await check_gaps(session, table, lines);
    co_await tell(context, lines);
    if (context.aim == preflight_aim::restore) {
        co_await check_restore_obstacles(session, table, lines);
        co_return;
    }
    co_await check_obstacles(session, table, context.settings.side_effects, lines);
    check_indexes(table, lines);
    co_await tell(context, lines);
    co_await check_transactions(session, lines);
}

awaitable<void> look(db::connection& session, const preflight_context& context,
                     std::vector<check_line>& lines, std::optional<table_description>& table) {
    add_line(lines, "database", check_status::ok, context.database_name);
    if (context.link)
        lines.push_back(context.link());
    co_await check_session(session, lines);
    co_await check_enough_connections(session, context, lines);
    co_await tell(context, lines);
    const auto named = co_await async::outcome_of(resolve_table(session, context.settings.table));
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    co_await check_server(session, lines);
    co_await tell(context, lines);
    if (named.failed) {
        lines.push_back(failed_line("table", named.failed));
        co_return;
    }
    table = co_await check_table(session, *named.value, context.settings, lines);
    if (!table)
        co_return;
    co_await check_contents(session, context, *table, lines);
    co_await transaction.rollback(); // it has only read
}

} // namespace

awaitable<std::optional<table_description>> check_database(const preflight_context& context,
                                                           std::vector<check_line>& lines) {
    std::optional<table_description> table;
    const auto failed = co_await async::caught(
        db::with_session(context.database, [&context, &lines, &table](db::connection& session) {
            return look(session, context, lines, table);
        }));
    if (failed) {
        const bool connected = std::ranges::find(lines, "database", &check_line::name) != lines.end();
        lines.push_back(failed_line(connected ? "database questions" : "database", failed));
        auto& line = lines.back();
        if (!connected && line.remedy.empty() && line.failure == failure::temporary)
            line.remedy =
                "Check host and port, that the server listens there, and that no firewall is between.";
    }
    co_return table;
}

} // namespace archive
