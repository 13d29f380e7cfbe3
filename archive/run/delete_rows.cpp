#include "archive/run/delete_rows.hpp"

#include "archive/run/run_effects.hpp"
#include "archive/stage/table_reader.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "db/committing.hpp"
#include "db/position.hpp"
#include "db/side_effects.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

// How many rows were in them.
awaitable<std::uint64_t> remove_partitions(archive_transaction& work, partition_removal how) {
    auto& opened = work.opened;
    std::uint64_t rows = 0;
    for (const auto& each : opened.partitions) {
        const auto had = co_await remove_partition(opened.session, opened.table, work.plan.rows, each, how);
        rows += had;
        if (had > 0)
            work.removed.push_back(each.name);
    }
    co_return rows;
}

// The partitions, whatever the snapshot: so does DELETE see them.
awaitable<std::string> members_of(const run_transaction& opened) {
    const auto oid = std::to_string(opened.table.oid);
    const std::array parameters{db::parameter(oid)};
    const auto asked = co_await opened.session.query(
        "SELECT coalesce(string_agg(relid::oid::text, ',' ORDER BY relid::oid), '')"
        " FROM (SELECT relid FROM pg_partition_tree($1::oid::regclass) UNION SELECT $1::oid::regclass) AS "
        "members",
        parameters);
    co_return std::string(asked.text(0, 0));
}

void must_be_the_same(const std::string& before, const std::string& now, const table_description& table) {
    if (before != now)
        throw lake::conflict(
            fmt::format("partitions of {} were attached or detached while rows were read", table.name));
}

// Under row security the readers' sessions and this one may see different rows, as many of them: a policy may
// ask for the role, or for a setting that a pooler's other client has left behind. A trigger may keep some
// rows while others are deleted.
awaitable<std::uint64_t> delete_and_compare(archive_transaction& work) {
    auto& opened = work.opened;
    auto copy = co_await opened.session.start_copy_out(copy_deleted_sql(opened.table, work.plan.rows));
    lake::content_digest deleted;
    do {
        while (const auto row = copy.next())
            deleted.add(row->text());
    } while (co_await copy.wait());
    const bool same_number = deleted.rows == work.staging->digest().rows;
    if (same_number && deleted != work.staging->digest())
        throw async::error(
            failure::integrity,
            fmt::format("the {} rows that the server deleted from {} are not those that were read:"
                        " a trigger keeps some, or row security shows other rows to other sessions",
                        deleted.rows, opened.table.name),
            std::string(one_view_hint));
    co_return deleted.rows;
}

awaitable<std::uint64_t> delete_selected(archive_transaction& work) {
    if (work.compare_rows)
        co_return co_await delete_and_compare(work);
    const auto deleted = co_await work.opened.session.query(delete_sql(work.opened.table, work.plan.rows));
    co_return deleted.rows_affected();
}

awaitable<void> name_transaction(const run_context& context, archive_transaction& work, std::string cutoff) {
    auto& opened = work.opened;
    opened.position = co_await db::position_of(opened.session);
    const auto xid = co_await opened.session.query("SELECT pg_current_xact_id()::text");
    const auto header = csv::header_line(opened.table.columns);
    co_await db::make_number_durable(context.access());
    work.publication = {lake::table_in_mark(opened.table.schema, opened.table.relation),
                        context.run_id,
                        std::string(xid.text(0, 0)),
                        opened.position,
                        azure::crc64(0, std::as_bytes(std::span(header))),
                        opened.table.types,
                        context.settings.time_column,
                        cutoff};
}

} // namespace

awaitable<void> delete_rows(const run_context& context, archive_transaction& work, std::string cutoff) {
    const async::span shown(context.log, "job", "delete");
    context.report.enter(run_phase::deleting);
    auto& session = work.opened.session;
    const auto watch = co_await watch_table(session, work.opened.table.oid, context.settings);
    const auto untouched = co_await db::read_change_counters(session);
    const auto found = co_await members_of(work.opened);
    must_be_the_same(work.members, found, work.opened.table);
    const auto removed = co_await remove_partitions(work, context.settings.partitions);
    const auto left = co_await members_of(work.opened);
    // An event trigger that listens to DETACH and DROP may delete as well; the storage is ours to
    // change.
    if (removed > 0)
        work.went_along = co_await db::look_at_effects(session, watch, untouched, 0, db::storage::may_change);
    const auto before = co_await db::read_change_counters(session);
    const auto deleted = co_await delete_selected(work);
    fault_point("deleted");
    const auto now = co_await members_of(work.opened);
    must_be_the_same(left, now, work.opened.table);
    if (removed + deleted != work.rows())
        throw async::error(
            failure::integrity,
            fmt::format("{} rows were staged, but the server deleted {}", work.rows(), removed + deleted),
            "A trigger or a row security policy keeps rows from being deleted, or shows them to one command "
            "and not"
            " to the other. Nothing was deleted.");
    // A deferred constraint must fail before anything is visible.
    co_await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    for (auto& each : co_await db::look_at_effects(session, watch, before, deleted))
        work.went_along.push_back(std::move(each));
    co_await name_transaction(context, work, std::move(cutoff));
}

} // namespace archive
