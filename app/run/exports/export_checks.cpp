#include "app/run/exports/export_checks.hpp"

#include "app/observe/run_id.hpp"
#include "app/run/clear_text.hpp"
#include "app/run/storage_grant.hpp"
#include "async/caught.hpp"
#include "db/conninfo.hpp"
#include "db/error.hpp"
#include "exports/task/task_check.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace app {

namespace {

using archive::check_line;
using archive::check_status;
using async::awaitable;
using async::failure;

// "table agency" of "permission denied for table agency"; empty where the server speaks another language.
std::string denied_by(std::string_view message) {
    constexpr std::string_view words = "permission denied for ";
    const auto at = message.find(words);
    return at == std::string_view::npos ? std::string() : std::string(message.substr(at + words.size()));
}

// The least that lets this role run the statement.
awaitable<std::string> grant_for(db::connection& session, std::string denied, bool deletes) {
    const auto space = denied.find_last_of(' ');
    const auto kind = denied.substr(0, space);
    const auto name = space == std::string::npos ? std::string() : denied.substr(space + 1);
    const std::array parameters{db::parameter(name)};
    const auto found = co_await session.query(
        "SELECT pg_catalog.quote_ident(current_user::pg_catalog.text),"
        " pg_catalog.format('%I.%I'::pg_catalog.text, n.nspname, c.relname),"
        " pg_catalog.has_table_privilege(c.oid, 'SELECT'::pg_catalog.text),"
        " pg_catalog.has_table_privilege(c.oid, 'DELETE'::pg_catalog.text)"
        " FROM (SELECT) AS role LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace AND c.relkind::pg_catalog.text"
        " OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'::pg_catalog.text[]))"
        " ON c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $1::pg_catalog.text",
        parameters);
    const auto role = std::string(found.text(0, 0));
    if (kind == "schema")
        co_return fmt::format("GRANT USAGE ON SCHEMA {} TO {};", name, role);
    if (kind == "function")
        co_return fmt::format("GRANT EXECUTE ON FUNCTION {} TO {};", name, role);
    if (kind == "sequence")
        co_return fmt::format("GRANT USAGE ON SEQUENCE {} TO {};", name, role);
    if (found.rows() != 1 || found.is_null(0, 1))
        co_return fmt::format("Grant {} SELECT on the tables of select.sql, and SELECT and DELETE on that of "
                              "delete.sql.",
                              role);
    std::string missing = found.boolean(0, 2) ? "" : "SELECT";
    if (deletes && !found.boolean(0, 3))
        missing += missing.empty() ? "DELETE" : ", DELETE";
    co_return fmt::format("GRANT {} ON {} TO {};", missing.empty() ? "SELECT" : missing, found.text(0, 1),
                          role);
}

awaitable<check_line> line_of(db::connection& session, std::string name, std::exception_ptr failed,
                              bool deletes) {
    auto line = archive::failed_line(std::move(name), failed);
    std::string denied;
    bool lost = false;
    try {
        std::rethrow_exception(failed);
    } catch (const db::error& error) {
        lost = !error.connection_usable();
        if (error.state() == "42501") // insufficient_privilege
            denied = denied_by(error.message());
    } catch (const async::error&) {
        denied.clear();
    }
    if (lost)
        std::rethrow_exception(failed);
    if (!denied.empty())
        line.remedy = co_await grant_for(session, std::move(denied), deletes);
    co_return line;
}

awaitable<void> check_task(db::connection& session, const exports::settings& exporting,
                           const exports::task& task, std::vector<check_line>& lines) {
    auto name = "task " + task.name;
    if (!task.mistake.empty()) {
        lines.push_back({std::move(name), check_status::failed, task.mistake,
                         "Fix the file; it is read again on every run.", failure::precondition});
        co_return;
    }
    const auto selecting = co_await async::caught_error(exports::plan_select(session, exporting, task));
    if (selecting) {
        auto line = co_await line_of(session, name, selecting, false);
        lines.push_back(std::move(line));
    }
    const auto deleting = co_await async::caught_error(exports::plan_delete(session, exporting, task));
    if (deleting) {
        auto line = co_await line_of(session, name, deleting, true);
        lines.push_back(std::move(line));
    }
    if (!selecting && !deleting)
        lines.push_back({std::move(name), check_status::ok, "the server takes both statements"});
}

awaitable<void> check_server(db::connection& session, std::vector<check_line>& lines) {
    lines.push_back(archive::judge_version(session.server_version()));
    const auto seen = co_await session.query("SELECT pg_catalog.pg_is_in_recovery()");
    lines.push_back(archive::judge_primary(seen.boolean(0, 0)));
}

class export_check {
  public:
    explicit export_check(export_check_context context)
        : context_(std::move(context)) {}

    awaitable<std::vector<check_line>> all() {
        lines_.push_back({"settings", check_status::ok, "every setting can be read"});
        co_await read_tasks();
        co_await check_database();
        if (context_.settings.exporting.to == exports::destination::lake)
            co_await check_lake();
        co_await check_target();
        co_return std::move(lines_);
    }

  private:
    awaitable<void> told() {
        if (context_.ended)
            co_await context_.ended(lines_);
    }

    awaitable<void> read_tasks() {
        auto read = co_await async::outcome_of(context_.machine.tasks().all());
        const auto directory = context_.settings.exporting.tasks.string();
        if (read.failed)
            lines_.push_back(archive::failed_line("tasks", read.failed));
        else if (tasks_ = std::move(*read.value); tasks_.empty())
            lines_.push_back({"tasks", check_status::failed,
                              fmt::format("there is no task in '{}'", directory),
                              "Check DSL_PATH: a task is a directory with select.sql and delete.sql.",
                              failure::precondition});
        else
            lines_.push_back(
                {"tasks", check_status::ok, fmt::format("{} in '{}'", tasks_.size(), directory)});
        co_await told();
    }

    awaitable<void> ask(db::connection& session) {
        lines_.push_back({"database", check_status::ok, db::describe_conninfo(context_.settings.database)});
        connected_ = true;
        lines_.push_back(judge_encryption(link_));
        co_await archive::check_session(session, lines_);
        const archive::connections_needed needed;
        co_await archive::check_connections(session, needed, lines_);
        co_await check_server(session, lines_);
        co_await told();
        for (const auto& each : tasks_) {
            co_await check_task(session, context_.settings.exporting, each, lines_);
            co_await told();
        }
    }

    awaitable<void> check_database() {
        const auto access = context_.machine.database();
        auto options = access.options;
        options.opened = [this](const db::link_facts& made) { link_ = made; };
        const db::database_access database{options, access.helper, access.log};
        const std::function<awaitable<void>(db::connection&)> body = [this](db::connection& session) {
            return ask(session);
        };
        const auto failed = co_await async::caught_error(db::with_session(database, body));
        if (failed)
            lines_.push_back(archive::failed_line(connected_ ? "database questions" : "database", failed));
        co_await told();
    }

    awaitable<void> check_lake() {
        const auto& settings = context_.settings;
        archive::preflight_context look{
            settings.job, context_.machine.database(), context_.machine.folder(), {}, {}, random_hex(12)};
        look.account = fmt::format("account '{}', by {}", settings.account.name, lake_identity(settings));
        look.grant = storage_grant(settings, settings.exporting.container);
        look.ended = context_.ended;
        static_cast<void>(co_await archive::check_storage(look, lines_));
    }

    awaitable<void> check_target() {
        auto& files = context_.machine.files();
        const auto obstacle = co_await files.obstacle();
        if (obstacle.empty())
            lines_.push_back({"target", check_status::ok, files.place()});
        else
            lines_.push_back(
                {"target", check_status::failed, obstacle,
                 context_.settings.exporting.to == exports::destination::lake
                     ? "The lines above say what the storage account refuses."
                     : "Create the directory, or let this user write to it; EXPORT_PATH names it.",
                 failure::precondition});
        co_await told();
    }

    export_check_context context_;
    std::vector<exports::task> tasks_;
    std::vector<check_line> lines_;
    db::link_facts link_;
    bool connected_ = false;
};

} // namespace

awaitable<std::vector<check_line>> check_exports(export_check_context context) {
    export_check check(std::move(context));
    co_return co_await check.all();
}

} // namespace app
