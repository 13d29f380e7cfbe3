#include "app/run/projections/projection_checks.hpp"

#include "app/run/projections/projections_of.hpp"
#include "app/text/units.hpp"
#include "async/caught.hpp"
#include "events/projection/follow/engine.hpp"
#include "events/projection/position_row.hpp"
#include "events/projection/table_origin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace app {

namespace {

using archive::check_line;
using archive::check_status;
using async::awaitable;

awaitable<void> add_rights(db::connection& session, std::vector<check_line>& lines) {
    const auto found = co_await session.query(
        "SELECT current_user::pg_catalog.text, pg_catalog.current_database()::pg_catalog.text,"
        " pg_catalog.to_regnamespace('event_archiver') IS NOT NULL,"
        " pg_catalog.has_database_privilege(pg_catalog.current_database()::pg_catalog.text, "
        "'CREATE'::pg_catalog.text),"
        " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c WHERE c.relnamespace OPERATOR(pg_catalog.=)"
        " pg_catalog.to_regnamespace('event_archiver')::pg_catalog.oid AND c.relkind OPERATOR(pg_catalog.=) "
        "'r'"
        " AND NOT (pg_catalog.has_table_privilege(c.oid, 'SELECT'::pg_catalog.text)"
        " AND pg_catalog.has_table_privilege(c.oid, 'INSERT'::pg_catalog.text)"
        " AND pg_catalog.has_table_privilege(c.oid, 'UPDATE'::pg_catalog.text)"
        " AND pg_catalog.has_table_privilege(c.oid, 'DELETE'::pg_catalog.text))),"
        " pg_catalog.pg_is_in_recovery()");
    const auto role = db::connection::identifier(found.text(0, 0));
    if (auto line = archive::judge_primary(found.boolean(0, 5)); line.status != check_status::ok)
        lines.push_back(std::move(line));
    if (!found.boolean(0, 2) && !found.boolean(0, 3))
        lines.push_back({"schema", check_status::failed,
                         "there is no schema event_archiver, and this role may not make it",
                         fmt::format("GRANT CREATE ON DATABASE {} TO {};",
                                     db::connection::identifier(found.text(0, 1)), role),
                         async::failure::refused});
    else if (found.integer(0, 4) > 0)
        lines.push_back(
            {"schema", check_status::failed, "this role lacks rights on tables of the schema event_archiver",
             fmt::format("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA event_archiver TO {};",
                         role),
             async::failure::refused});
    else
        lines.push_back({"schema", check_status::ok,
                         found.boolean(0, 2) ? "event_archiver is there" : "event_archiver will be made"});
}

awaitable<void> add_unlogged(db::connection& session,
                             const std::vector<events::projection_definition>& definitions,
                             std::vector<check_line>& lines) {
    for (const auto& each : definitions) {
        const auto unlogged = co_await events::unlogged_tables(session, each);
        if (!unlogged.empty())
            lines.push_back(
                {fmt::format("tables of {}", each.name), check_status::warning,
                 fmt::format("a crash of the server would empty these unlogged tables: {}", unlogged),
                 "ALTER TABLE … SET LOGGED;"});
    }
}

awaitable<void> add_encoding(db::connection& session, std::vector<check_line>& lines) {
    const auto found = co_await session.query("SELECT pg_catalog.getdatabaseencoding()::pg_catalog.text");
    const auto name = found.text(0, 0);
    if (name != "UTF8")
        lines.push_back({"encoding", check_status::warning,
                         fmt::format("the database has the encoding {}: an event with a character that it"
                                     " lacks becomes a dead letter",
                                     name),
                         "Make the database with ENCODING 'UTF8'."});
}

awaitable<check_line> journal_line(const projection_check_context& context) {
    check_line line{"journal", check_status::ok, "it can be read"};
    if (context.journal == nullptr) {
        line = {"journal", check_status::failed, context.journal_problem, context.journal_remedy,
                async::failure::precondition};
    } else {
        const auto failed = co_await async::caught_error(context.journal->must_answer());
        if (failed)
            line = archive::failed_line("journal", failed);
    }
    if (line.status == check_status::failed && line.remedy.empty())
        line.remedy = "Check JOURNAL.";
    co_return line;
}

awaitable<void> add_positions(db::connection& session, const projection_check_context& context,
                              events::journal& log, std::vector<check_line>& lines) {
    std::vector<events::named_projection> names;
    for (const auto& each : context.definitions)
        if (each.mistake.empty())
            names.push_back({each, events::position_name(each, context.group)});
    const auto all = co_await events::look_at_all(session, log, names, events::hidden_events::counted);
    for (const auto& each : all) {
        auto state = each.state;
        std::ranges::replace(state, '_', ' ');
        const auto letters = static_cast<std::uint64_t>(each.dead_letters);
        check_line line{
            fmt::format("position {}", each.key.projection), check_status::ok,
            fmt::format("{}, {} behind, {}", state, each.behind(), counted(letters, "dead letter"))};
        if (letters > 0) {
            line.status = check_status::warning;
            line.remedy = fmt::format("See them: event-archiver dead-letters {}",
                                      events::projection_of(each.key.projection));
        }
        if (each.at > each.end && each.state != "not_started") {
            line.status = check_status::failed;
            line.detail = fmt::format("the position is {}, and topic '{}' ends at {}", each.at,
                                      each.key.topic, each.end);
            line.remedy = "Check JOURNAL and PG_CONNECTION_STRING: they do not belong together. See "
                          "docs/journal.md, \"When it goes wrong\".";
            line.failure = async::failure::integrity;
        } else if (each.state == "failed") {
            line.status = check_status::warning;
            line.detail = each.reason;
            line.remedy = fmt::format("Fix what it names, then `event-archiver projections resume {}`.",
                                      events::projection_of(each.key.projection));
        }
        lines.push_back(std::move(line));
    }
}

} // namespace

void add_directories(const std::vector<events::projection_definition>& definitions,
                     std::vector<check_line>& lines) {
    for (const auto& each : definitions) {
        check_line line{fmt::format("projection {}", each.name), check_status::ok, each.directory.string()};
        if (!each.mistake.empty()) {
            line.status = check_status::failed;
            line.detail = each.mistake;
            line.remedy = remedy_for(each);
            line.failure = each.directory.empty() ? async::failure::usage : async::failure::precondition;
        }
        lines.push_back(std::move(line));
    }
}

awaitable<void> check_tables(const projection_check_context& context, events::journal* compared,
                             std::vector<check_line>& lines) {
    std::function<awaitable<void>(db::connection&)> body =
        [&context, &lines, compared](db::connection& session) -> awaitable<void> {
        lines.push_back({"database", check_status::ok, context.database_name});
        co_await add_rights(session, lines);
        co_await add_encoding(session, lines);
        co_await add_unlogged(session, context.definitions, lines);
        if (context.ended)
            co_await context.ended(lines);
        if (compared != nullptr)
            co_await add_positions(session, context, *compared, lines);
    };
    const auto failed = co_await async::caught_error(db::with_session(context.database, std::move(body)));
    if (failed)
        lines.push_back(archive::failed_line("database", failed));
}

awaitable<std::vector<check_line>> check_projections(projection_check_context context) {
    std::vector<check_line> lines;
    lines.push_back({"settings", check_status::ok, "every setting can be read"});
    if (!context.shipped_problem.empty())
        lines.push_back({"shipped projections", check_status::failed, context.shipped_problem,
                         "Copy the directory too; or name in PROJECT those that run.",
                         async::failure::precondition});
    if (context.unread)
        lines.push_back(archive::failed_line("projections", context.unread));
    add_directories(context.definitions, lines);
    lines.push_back(co_await journal_line(context));
    const bool has_events = lines.back().status == check_status::ok;
    if (context.ended)
        co_await context.ended(lines);
    co_await check_tables(context, has_events ? context.journal : nullptr, lines);
    co_return lines;
}

} // namespace app
