#include "archive/run/archive/delete_rows.hpp"

#include "archive/run/digest_of_copy.hpp"
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

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

// Returns the number of rows in them, and their digest if the rows are compared.
awaitable<lake::content_digest> remove_partitions(archive_transaction& work, partition_removal how) {
    auto& opened = work.opened;
    lake::content_digest gone;
    for (const auto& each : opened.partitions) {
        lake::content_digest rows;
        if (work.compare_rows)
            rows = co_await digest_of_copy(opened.session, copy_all_sql(opened.table, each));
        const auto had = co_await remove_partition(opened.session, opened.table, work.plan.rows, each, how);
        if (had == 0)
            continue;
        rows.rows = had;
        gone.add(rows);
        work.removed.push_back(each.name);
    }
    co_return gone;
}

// The current partitions, not the snapshot's, as DELETE sees them.
awaitable<std::set<std::string>> members_of(const run_transaction& opened) {
    const auto oid = std::to_string(opened.table.named.oid);
    const std::array parameters{db::parameter(oid)};
    const auto asked = co_await opened.session.query(
        "SELECT relid::oid::text FROM pg_partition_tree($1::oid::regclass) UNION SELECT $1::oid::text",
        parameters);
    std::set<std::string> members;
    for (int row = 0; row < asked.rows(); ++row)
        members.emplace(asked.text(row, 0));
    co_return members;
}

void must_be_the_same(const std::set<std::string>& before, const std::set<std::string>& now,
                      const table_description& table) {
    if (before != now)
        throw lake::conflict(
            fmt::format("partitions of {} were attached or detached while rows were read", table.name));
}

// No user attaches a partition twice: each attempt's work was rolled back.
awaitable<void> must_not_be_attached_again(const run_transaction& opened, const std::set<std::string>& before,
                                           const std::set<std::string>& now,
                                           std::set<std::string>& attached) {
    std::vector<std::string> came;
    std::ranges::set_difference(now, before, std::back_inserter(came));
    const auto again =
        std::ranges::find_if(came, [&](const std::string& oid) { return attached.contains(oid); });
    attached.insert(came.begin(), came.end());
    if (again == came.end())
        co_return;
    const std::array parameters{db::parameter(*again)};
    const auto asked = co_await opened.session.query(
        "SELECT $1::oid::regclass::text, (SELECT string_agg(quote_ident(evtname), ', ' ORDER BY evtname)"
        " FROM pg_event_trigger WHERE evtenabled <> 'D')",
        parameters);
    throw async::error(
        failure::precondition,
        fmt::format(
            "partition {} is attached to {} whenever another is taken away: its rows would be deleted unread",
            asked.text(0, 0), opened.table.name),
        fmt::format(
            "An event trigger does that ({}): disable it for the run, or leave ARCHIVE_PARTITIONS at delete.",
            asked.is_null(0, 1) ? std::string_view("none is visible now") : asked.text(0, 1)));
}

// Under row security the readers' sessions and this one may see different rows of the same number: a policy
// may depend on the role, or on a setting that another client of a pooler left behind. A trigger may keep
// some rows while other rows are deleted.
awaitable<std::uint64_t> delete_and_compare(archive_transaction& work, const lake::content_digest& removed) {
    auto& opened = work.opened;
    auto all = co_await digest_of_copy(opened.session, copy_deleted_sql(opened.table, work.plan.rows));
    const auto deleted = all.rows;
    all.add(removed);
    const bool same_number = all.rows == work.staging->digest().rows;
    if (same_number && all != work.staging->digest())
        throw async::error(
            failure::integrity,
            fmt::format("the {} rows that the server deleted from {} are not those that were read:"
                        " a trigger keeps some, or row security shows other rows to other sessions",
                        all.rows, opened.table.name),
            std::string(one_view_hint));
    co_return deleted;
}

awaitable<std::uint64_t> delete_selected(archive_transaction& work, const lake::content_digest& removed) {
    if (work.compare_rows)
        co_return co_await delete_and_compare(work, removed);
    const auto deleted = co_await work.opened.session.query(delete_sql(work.opened.table, work.plan.rows));
    co_return deleted.rows_affected();
}

awaitable<void> name_transaction(const run_context& context, archive_transaction& work, std::string cutoff) {
    auto& opened = work.opened;
    opened.position = co_await db::position_of(opened.session);
    const auto xid = co_await opened.session.query("SELECT pg_current_xact_id()::text");
    const auto header = csv::header_line(opened.table.columns);
    co_await db::make_number_durable(context.access(), opened.position);
    work.publication = {.table = opened.table.named.in_mark(),
                        .run = context.run_id,
                        .transaction = std::string(xid.text(0, 0)),
                        .position = opened.position,
                        .header_crc = azure::crc64(0, std::as_bytes(std::span(header))),
                        .types = opened.table.types,
                        .time_column = context.settings.time_column,
                        .cutoff = cutoff,
                        .identity = opened.table.identity,
                        .dry_run = context.settings.dry_run,
                        .hides_rows = work.hides_rows};
}

} // namespace

awaitable<void> delete_rows(const run_context& context, archive_transaction& work, std::string cutoff,
                            std::set<std::string>& attached) {
    const async::span shown(context.log, "job", "delete");
    context.report.enter(run_phase::deleting);
    auto& session = work.opened.session;
    const auto watch = co_await watch_table(session, work.opened.table.named.oid, context.settings);
    const auto untouched = co_await db::read_change_counters(session);
    const auto found = co_await members_of(work.opened);
    must_be_the_same(work.members, found, work.opened.table);
    const auto gone = co_await remove_partitions(work, context.settings.partitions);
    const auto removed = gone.rows;
    // Removing partitions changes the members. An event trigger may have added one, and so may another
    // session before the lock.
    const auto left = co_await members_of(work.opened);
    if (!std::ranges::includes(found, left)) {
        co_await must_not_be_attached_again(work.opened, found, left, attached);
        must_be_the_same(found, left, work.opened.table);
    }
    // An event trigger on DETACH or DROP may delete as well. The change of the table's storage is our own.
    if (removed > 0)
        work.went_along = co_await db::look_at_effects(session, watch, untouched, 0, db::storage::may_change);
    auto before = co_await db::read_change_counters(session);
    std::uint64_t deleted = 0;
    if (work.deleted_beside) {
        before = std::move(work.deleted_beside->before);
        deleted = work.deleted_beside->rows;
    }
    // If days were deleted while others were read, this DELETE finds no row of theirs. Otherwise the sum
    // below does not agree.
    deleted += co_await delete_selected(work, gone);
    fault_point("deleted");
    const auto now = co_await members_of(work.opened);
    must_be_the_same(left, now, work.opened.table);
    if (removed + deleted != work.rows())
        co_await must_still_be_named(session, work.opened.table.named);
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
