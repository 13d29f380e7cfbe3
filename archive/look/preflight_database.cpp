// The database's half of the preflight.
// Tested by tests/integration/test_check.py.

#include "archive/look/preflight.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/table.hpp"
#include "archive/table/table_shape.hpp"
#include "async/caught.hpp"
#include "db/session_scope.hpp"
#include "db/side_effects.hpp"
#include "db/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace archive {

using async::failure;

namespace {

constexpr std::string_view long_running = "1 hour";

void add(std::vector<check_line>& lines, std::string name, check_status status, std::string detail,
         std::string remedy = {}) {
    lines.push_back({std::move(name), status, std::move(detail), std::move(remedy)});
}

awaitable<void> check_server(db::connection& session, std::vector<check_line>& lines) {
    lines.push_back(judge_version(session.server_version()));
    const auto before = std::chrono::system_clock::now();
    const auto seen = co_await session.query(
        "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only'), pg_backend_pid(),"
        " (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    const auto after = std::chrono::system_clock::now();
    if (seen.boolean(0, 0))
        lines.push_back({"primary", check_status::failed, "the server is a read-only standby",
                         "Point PG_CONNECTION_STRING at the primary, or add target_session_attrs=read-write.",
                         failure::precondition});
    else if (seen.text(0, 1) == "on")
        add(lines, "primary", check_status::ok,
            "the server takes writes; transactions are read-only by default, and a run's are not");
    else
        add(lines, "primary", check_status::ok, "the server takes writes");
    // A pooler hands out cancel keys of its own.
    if (seen.integer(0, 2) == session.backend_pid())
        add(lines, "pooler", check_status::ok, "none: the connection is direct");
    else
        add(lines, "pooler", check_status::ok, "one is in front: transaction mode and session mode will do");
    const std::chrono::sys_time<std::chrono::milliseconds> theirs{
        std::chrono::milliseconds(seen.integer(0, 3))};
    const auto ours = std::chrono::time_point_cast<std::chrono::milliseconds>(before + (after - before) / 2);
    lines.push_back(judge_clock("database clock", theirs - ours));
}

awaitable<void> check_rights(db::connection& session, const table_description& table, preflight_aim aim,
                             std::vector<check_line>& lines) {
    const auto oid = std::to_string(table.oid);
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
        add(lines, "row security", check_status::warning,
            aim == preflight_aim::restore
                ? "policies decide which rows this role may see and insert; one that they refuse ends a "
                  "restore"
                : "policies decide which rows this role may see and delete; where they disagree, a run ends "
                  "with exit code 7",
            fmt::format("CREATE POLICY {} ON {} TO {} USING (true);",
                        aim == preflight_aim::restore ? "restorer" : "archiver", table.name, rights.role));
    else
        add(lines, "row security", check_status::ok, "no policy applies");
}

void judge(std::vector<check_line>& lines, std::string name, const std::optional<async::error>& mistake,
           std::string well) {
    if (mistake)
        lines.push_back(
            {std::move(name), check_status::failed, mistake->message(), mistake->hint(), mistake->kind()});
    else
        add(lines, std::move(name), check_status::ok, std::move(well));
}

// What a run does about it.
std::string consequence_of(const db::effect& effect, std::uint32_t own, db::side_effects policy) {
    const bool gone = effect.change == db::change::deleted;
    const auto consequence = gone ? "its rows are deleted with the archived ones, and are in no file"
                                  : "its rows are changed with the archived ones";
    const bool never = gone && effect.table.oid == own;
    const auto then =
        never ? "a run that meets rows which are not due ends with exit code 3"
        : policy == db::side_effects::allow
            ? "ARCHIVE_SIDE_EFFECTS allows it"
            : "a run that meets such rows ends with exit code 3, unless ARCHIVE_SIDE_EFFECTS=allow";
    return fmt::format("{}: {}; {}", effect.words, consequence, then);
}

// What runs for rows that are put back.
awaitable<void> check_insert_effects(db::connection& session, std::uint32_t root,
                                     std::vector<check_line>& lines) {
    const auto catalog = co_await db::read_effect_catalog(session);
    const auto effects = db::effects_of_insert(catalog, root);
    if (effects.empty())
        add(lines, "triggers", check_status::ok, "none on INSERT");
    else
        add(lines, "triggers", check_status::warning,
            fmt::format(
                "{} will run for restored rows; a restore ends with exit code 3 where other rows were "
                "changed or deleted, unless ARCHIVE_SIDE_EFFECTS=allow",
                db::in_words(effects)),
            "Let them pass rows whose application_name is event-archiver, or see that they do no harm.");
}

// What keeps a table from getting its rows back.
awaitable<void> check_restore_obstacles(db::connection& session, const table_description& table,
                                        std::vector<check_line>& lines) {
    const auto shape = co_await read_shape(session, table.oid);
    judge(lines, "inheritance", shape_mistake(shape), "neither foreign tables nor tables that inherit");
    judge(lines, "logging", unlogged_mistake(shape), "the table survives a crash");
    const auto top = co_await db::root_of(session, table.oid);
    co_await check_insert_effects(session, top.oid, lines);
}

awaitable<void> check_obstacles(db::connection& session, const table_description& table,
                                db::side_effects policy, std::vector<check_line>& lines) {
    const auto oid = std::to_string(table.oid);
    const std::array parameters{db::parameter(oid)};
    const auto shape = co_await read_shape(session, table.oid);
    judge(lines, "inheritance", shape_mistake(shape), "neither foreign tables nor tables that inherit");
    judge(lines, "rules", rule_mistake(shape), "none on DELETE");
    judge(lines, "publications", publication_mistake(shape), "none is in the way of a DELETE");
    for (const auto& each : shape.unfinished)
        add(lines, "partitions", check_status::warning, sentence_of(each), statement_to_finish(each));
    if (const auto unlogged = unlogged_mistake(shape))
        add(lines, "logging", check_status::warning, unlogged->message(), unlogged->hint());
    else
        add(lines, "logging", check_status::ok, "the table survives a crash");
    add(lines, "insert", check_status::ok,
        shape.may_insert ? fmt::format("{} may INSERT: restore in place works", shape.role)
                         : fmt::format("{} may not INSERT, which only restore in place needs", shape.role),
        shape.may_insert ? std::string() : missing_right(shape, false, "INSERT")->hint());

    const auto top = co_await db::root_of(session, table.oid);
    const auto catalog = co_await db::read_effect_catalog(session);
    const auto effects = db::effects_of_delete(catalog, top.oid);
    std::vector<db::effect> triggers;
    std::ranges::copy_if(effects, std::back_inserter(triggers),
                         [](const db::effect& each) { return each.reason == db::effect::cause::trigger; });
    if (triggers.empty())
        add(lines, "triggers", check_status::ok, "none on DELETE");
    else
        add(lines, "triggers", check_status::warning,
            fmt::format("{} will run for archived rows; one that keeps rows ends a run with exit code 7, one "
                        "that deletes or changes others with 3",
                        db::in_words(triggers)),
            "Let them pass rows whose application_name is event-archiver, or see that they do no harm.");
    bool referred = false;
    for (const auto& each : effects) {
        if (each.reason != db::effect::cause::constraint)
            continue;
        referred = true;
        add(lines, "foreign keys", check_status::warning, consequence_of(each, top.oid, policy),
            fmt::format("Archive {} first, or drop the constraint.", each.table.name));
    }
    const auto keys = co_await session.query(
        "SELECT conname, conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
        " AND confrelid = $1::oid AND confdeltype NOT IN ('c', 'n', 'd') ORDER BY conname",
        parameters);
    for (int row = 0; row < keys.rows(); ++row)
        add(lines, "foreign keys", check_status::warning,
            fmt::format(
                "{} of {} refers to this table: rows it refers to cannot be deleted, and fail the run",
                keys.text(row, 0), keys.text(row, 1)),
            fmt::format("Archive {} first, or drop the constraint.", keys.text(row, 1)));
    if (!referred && keys.rows() == 0)
        add(lines, "foreign keys", check_status::ok, "no table refers to this one");

    std::exception_ptr uncounted;
    try {
        db::delete_watch watch;
        watch.table = top;
        watch.policy = policy;
        watch.setting = "ARCHIVE_SIDE_EFFECTS";
        static_cast<void>(co_await db::foresee_effects(session, watch));
    } catch (const async::error&) {
        uncounted = std::current_exception();
    }
    if (uncounted)
        lines.push_back(failed_line("side effects", uncounted));
    else
        add(lines, "side effects", check_status::ok, "whatever the DELETE changes is counted before COMMIT");
}

void check_indexes(const table_description& table, std::vector<check_line>& lines) {
    if (table.indexed_by_time)
        add(lines, "index", check_status::ok, fmt::format("one leads with {}", table.time_column));
    else
        add(lines, "index", check_status::warning,
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
        add(lines, "transactions", check_status::ok, fmt::format("none older than {} is seen", long_running));
    else
        add(lines, "transactions", check_status::warning,
            fmt::format("{} have been open for up to {}: vacuum cannot reuse the space of deleted rows",
                        seen.integer(0, 0), seen.text(0, 1)),
            "Look in pg_stat_activity (xact_start) and pg_prepared_xacts, and end what was forgotten.");
}

awaitable<void> look(db::connection& session, const preflight_context& context,
                     std::vector<check_line>& lines, std::optional<table_description>& table) {
    add(lines, "database", check_status::ok, context.database_name);
    if (context.link)
        lines.push_back(context.link());
    co_await check_session(session, lines);
    co_await tell(context, lines);
    const auto& settings = context.settings;
    named_table named;
    std::exception_ptr missing;
    try {
        named = co_await resolve_table(session, settings.table);
    } catch (const async::error&) {
        missing = std::current_exception();
    }
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    co_await check_server(session, lines);
    co_await tell(context, lines);
    try {
        if (!missing)
            table = co_await describe_table(session, named, settings.time_column, settings.key_columns);
    } catch (const async::error&) {
        missing = std::current_exception();
    }
    if (missing) {
        lines.push_back(failed_line("table", missing));
        // A key that is not unique does not keep the other checks from being made.
        try {
            if (named.oid != 0)
                table = co_await describe_table(session, named, settings.time_column, settings.key_columns,
                                                key_demand::any);
        } catch (const async::error&) {
            table.reset();
        }
        if (!table)
            co_return;
    } else {
        add(lines, "table", check_status::ok,
            fmt::format("{}, time {}, key {} ({}), about {:.0f} rows", table->name, table->time_column,
                        key_names(*table), table->keys.front().type, table->rows_estimate));
        add(lines, "key", check_status::ok, fmt::format("a unique index covers {}", key_names(*table)));
    }
    co_await check_rights(session, *table, context.aim, lines);
    co_await tell(context, lines);
    if (context.aim == preflight_aim::restore) {
        co_await check_restore_obstacles(session, *table, lines);
        co_await transaction.rollback();
        co_return;
    }
    co_await check_obstacles(session, *table, settings.side_effects, lines);
    check_indexes(*table, lines);
    co_await tell(context, lines);
    co_await check_transactions(session, lines);
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
