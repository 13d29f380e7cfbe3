#include "archive/run/erase/delete_matching.hpp"

#include "archive/run/digest_of_copy.hpp"
#include "archive/run/run_effects.hpp"
#include "archive/table/condition.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "db/error.hpp"
#include "lake/content/content_digest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <utility>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

std::string copy_of(std::string_view query) {
    return fmt::format("{}COPY ({}) TO STDOUT (FORMAT csv)", untraced, query);
}

// An error in the condition, reported without the condition's words. Other errors pass unchanged.
[[noreturn]] void explain_matching(const db::error& failed, const table_description& table) {
    const std::string_view state = failed.state();
    if (state.starts_with("22") || state == "P0001" || state == "42703" || state == "42883")
        throw async::error(
            failure::precondition,
            fmt::format("PostgreSQL cannot judge the rows of {} by --where: SQLSTATE {}", table.name, state),
            "The condition does not fit a value of the table. Nothing was erased.");
    if (state.starts_with("42") || state.starts_with("3F")) // its sentence may have words of the condition
        throw db::error(failed.kind(), sentence_without_words(failed, {}, {}), std::string(state),
                        failed.connection_usable());
    throw failed;
}

awaitable<lake::content_digest> judged_digest(db::connection& session, const table_description& table,
                                              std::string query) {
    try {
        co_return co_await digest_of_copy(session, copy_of(query));
    } catch (const db::error& failed) {
        explain_matching(failed, table);
    }
}

std::string columns_in_sql(const table_description& table) {
    std::vector<std::string> quoted;
    for (const auto& column : table.columns)
        quoted.push_back(db::connection::identifier(column));
    return fmt::format("{}", fmt::join(quoted, ", "));
}

} // namespace

awaitable<deleted_rows> delete_matching(const run_context& context, db::connection& session,
                                        const run_transaction& opened, const erase_request& request) {
    context.report.enter(run_phase::deleting);
    const auto& table = opened.table;
    const auto columns = columns_in_sql(table);
    const auto clause = matching_clause(table, request.where, request.days) + " AND " + own_rows(table);
    deleted_rows result;
    const auto oid = std::to_string(table.named.oid);
    const auto policies = co_await session.query("SELECT pg_catalog.row_security_active($1::pg_catalog.oid)",
                                                 std::string_view(oid));
    result.hidden = policies.boolean(0, 0);
    const auto watch = co_await watch_table(opened.session, table.named.oid, context.settings);
    (void)co_await db::foresee_effects(opened.session, watch);
    const auto untouched = co_await db::read_change_counters(session);
    const auto selected = co_await judged_digest(
        session, table, fmt::format("SELECT {} FROM {} {}", columns, table.name, clause));
    if (selected.rows > 0) {
        const auto deleted = co_await judged_digest(
            session, table, fmt::format("DELETE FROM {} {} RETURNING {}", table.name, clause, columns));
        if (deleted != selected)
            co_await must_still_be_named(session, table.named);
        if (deleted != selected)
            throw async::error(
                failure::integrity,
                fmt::format("{} rows of {} match, and the {} rows that the server deleted are not those",
                            selected.rows, table.name, deleted.rows),
                "A trigger keeps rows or changes them, or row security shows them to one command and not to"
                " the other. Nothing was erased.");
        // A deferred constraint must fail before COMMIT.
        co_await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
        result.went_along = co_await db::look_at_effects(session, watch, untouched, deleted.rows);
    }
    co_await must_still_be_named(session, table.named);
    fault_point("erase-deleted");
    result.rows = selected.rows;
    const auto number = co_await session.query("SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text");
    auto position = co_await db::position_of(session);
    result.author = {context.run_id, std::string(number.text(0, 0)), std::move(position)};
    co_return result;
}

} // namespace archive
