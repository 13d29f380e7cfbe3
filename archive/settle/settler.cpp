#include "archive/settle/settler.hpp"

#include "archive/settle/look_at_rows.hpp"
#include "archive/settle/refusal.hpp"
#include "archive/settle/verdict.hpp"
#include "archive/stage/staging.hpp"
#include "archive/table/row_lookup.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/task_group.hpp"
#include "azure/blob/error.hpp"
#include "db/fate.hpp"
#include "db/position.hpp"
#include "lake/pending_content.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

bool is_undo(settle_decision decision) noexcept {
    return decision == settle_decision::take_back || decision == settle_decision::remove;
}

// What the ledger is told, before it is carried out. Nothing where the file holds what it is known to hold.
std::optional<lake::ledger_entry> entry_of_decision(const lake::lake_file& file, settle_decision decision,
                                                    const db::server_position& position) {
    const auto& mark = *file.mark.mark;
    const auto entry = [&file, &position](const lake::file_mark& after, std::string_view what) {
        auto made = lake::entry_of(file.properties.name, after, file.properties.etag, std::string(what));
        if (lake::is_decision(made))
            made.now.position = position;
        return made;
    };
    switch (decision) {
    case settle_decision::keep:
        if (mark.pending)
            return entry(mark, "settled");
        break;
    case settle_decision::restored:
        return entry(mark, "restored");
    case settle_decision::take_back:
        return entry(lake::taken_back(mark), lake::ledger_word::taken_back);
    case settle_decision::remove:
        return entry(lake::taken_back(mark), lake::ledger_word::removed);
    case settle_decision::empty: {
        const lake::file_record nothing;
        return entry(lake::emptied(mark, nothing), lake::ledger_word::emptied);
    }
    default:
        break;
    }
    return std::nullopt;
}

} // namespace

awaitable<settling> settler::settle(db::connection& session, const table_description& table,
                                    const db::server_position& position, const lake::file_map& files) {
    settling result;
    for (const auto& [key, file] : files)
        // It may hide a pending tail.
        if (!file.mark.mistake.empty())
            throw async::error(
                failure::precondition, fmt::format("'{}': {}", file.properties.name, file.mark.mistake),
                "Restore its metadata, or move the file away. docs/protocol.md names the fields.");
    auto known = co_await gather(session, table, files);
    std::vector<decided> work;
    for (const auto& [key, file] : files) {
        if (!file.mark.mark || !lake::awaited(*file.mark.mark))
            continue;
        const auto decision = co_await decide(session, table, position, file, known);
        if (decision == settle_decision::wait)
            result.waiting = true;
        else
            work.push_back({&file, decision});
    }
    if (!work.empty())
        co_await lease_.ready_to_write();
    std::exception_ptr gone;
    // Looked at before the ledger is told: a tail that cannot be taken back is not said to have been.
    std::vector<decided> sure;
    for (const auto& each : work) {
        const auto& mark = *each.file->mark.mark;
        if (is_undo(each.decision) && mark.pending && !lake::has_empty_tail(mark) &&
            known.doubtful.contains(each.file)) {
            const auto found = co_await async::outcome_of(lake::look_at_pending(lake_, *each.file));
            if (found.failed && async::failure_of(found.failed) != failure::integrity)
                std::rethrow_exception(found.failed);
            if (found.failed) {
                gone = found.failed; // the others are settled all the same
                continue;
            }
        }
        sure.push_back(each);
    }
    work = std::move(sure);
    std::vector<lake::ledger_entry> kept;
    for (const auto& each : work)
        // Of an aborted tail the ledger has no line.
        if (auto entry = entry_of_decision(*each.file, each.decision, position);
            entry && (!is_undo(each.decision) || known.doubtful.contains(each.file)))
            kept.push_back(std::move(*entry));
    co_await ledger_.record(std::move(kept), sink_);
    const auto step = [this, &work, &table, &gone](std::size_t index) -> awaitable<void> {
        try {
            co_await carry_out(work[index], table);
        } catch (const async::error& error) {
            if (error.kind() != failure::integrity)
                throw;
            gone = std::current_exception(); // the others are settled all the same
        }
    };
    co_await async::for_each_bounded(work.size(), parallel_, step);
    if (gone)
        std::rethrow_exception(gone);
    result.settled = work.size();
    co_return result;
}

// What the table says of the pending tails before each is looked at for itself.
awaitable<settler::evidence> settler::gather(db::connection& session, const table_description& table,
                                             const lake::file_map& files) {
    evidence known;
    std::vector<const lake::lake_file*> pending;
    bool any = false;
    for (const auto& [key, file] : files) {
        any = any || (file.mark.mark && lake::awaited(*file.mark.mark));
        if (file.mark.mark && file.mark.mark->pending)
            pending.push_back(&file);
    }
    if (!any)
        co_return known;
    const auto oid = std::to_string(table.oid);
    const auto hidden = co_await session.query("SELECT row_security_active($1::oid)", std::string_view(oid));
    known.hidden = hidden.boolean(0, 0);
    known.samples = co_await look_for_samples(session, table, pending);
    co_return known;
}

awaitable<settle_decision> settler::decide(db::connection& session, const table_description& table,
                                           const db::server_position& position, const lake::lake_file& file,
                                           evidence& known) {
    const auto& mark = *file.mark.mark;
    const auto by = lake::awaited(mark).value();
    const auto judge = mark.restoring ? decide_restoring : decide_settling;
    settle_facts facts;
    facts.has_base = mark.base.has_value();
    const auto stands = db::compare_histories(by.position, position);
    const bool here =
        stands != db::history::foreign && mark.table == lake::table_in_mark(table.schema, table.relation);
    facts.origin = here ? origin::this_database : origin::elsewhere;
    facts.ahead = stands == db::history::behind;
    facts.same_server = db::same_start(by.position, position);
    if (here) {
        const auto key = fmt::format("{}/{}/{}", by.position.timeline, by.position.lsn, by.transaction);
        auto found = known.fates.find(key);
        if (found == known.fates.end()) {
            const auto asked = co_await db::fate_of(session, by.transaction, by.position, position);
            found = known.fates.emplace(key, asked).first;
        }
        facts.said = found->second;
        facts.fate = mark.pending ? believe(facts.said, known.samples.at(&file)) : facts.said;
    }
    if (facts.fate != db::fate::aborted)
        known.doubtful.insert(&file);
    auto decision = judge(facts);
    rows_of_file seen;
    if (decision == settle_decision::look_at_rows) {
        if (lake::has_empty_tail(mark)) {
            facts.rows = tail_rows::no_rows;
        } else {
            seen = co_await look_at_rows(lake_, session, table, file);
            facts.rows = seen.comparable
                             ? judge_rows(seen.counts, known.hidden, mark.now.types == table.types)
                             : tail_rows::not_comparable;
            facts.keys_in_table = seen.counts.to_the_letter + seen.counts.other_content > 0;
        }
        decision = judge(facts);
    }
    if (decision == settle_decision::refuse_foreign || decision == settle_decision::refuse_copy ||
        decision == settle_decision::refuse_mixed)
        throw refusal(decision, facts, table, position, file, seen, known.hidden);
    sink_.info("settle.decided", "a file that an earlier run left pending",
               {{"blob", file.properties.name},
                {"decision", to_string(decision)},
                {"transaction", by.transaction},
                {"transaction.fate", to_string(facts.fate)}});
    co_return decision;
}

awaitable<void> settler::carry_out(decided what, const table_description& table) {
    const auto& mark = *what.file->mark.mark;
    fault_point("before-settle");
    switch (what.decision) {
    case settle_decision::keep:
        if (mark.restoring)
            co_await restores_.withdraw(*what.file, lake::not_restored(mark));
        else if (mark.pending)
            co_await tails_.keep(*what.file);
        else
            co_await restores_.archive_again(*what.file);
        break;
    case settle_decision::restored:
        co_await restores_.mark_restored(*what.file);
        break;
    case settle_decision::empty:
        co_await restores_.empty(*what.file, table);
        break;
    case settle_decision::take_back:
        co_await tails_.take_back(*what.file);
        break;
    case settle_decision::remove:
        co_await remove_or_empty(*what.file, table);
        break;
    case settle_decision::wait:
    case settle_decision::look_at_rows:
    case settle_decision::refuse_foreign:
    case settle_decision::refuse_mixed:
    case settle_decision::refuse_copy:
        throw async::error(failure::internal, "a settle decision that cannot be carried out");
    }
    fault_point("after-settle");
}

// A blob that has snapshots is not removed: its header stays.
awaitable<void> settler::remove_or_empty(const lake::lake_file& file, const table_description& table) {
    bool has_snapshots = false;
    try {
        co_await tails_.remove(file);
    } catch (const azure::storage_error& failed) {
        if (failed.service_code() != "SnapshotsPresent")
            throw;
        has_snapshots = true;
    }
    if (has_snapshots)
        co_await restores_.empty(file, table);
}

awaitable<void> settler::settle_by_verdict(db::connection& session, const table_description& table,
                                           const db::server_position& position, const lake::lake_file& file,
                                           verdict decision) {
    const auto& name = file.properties.name;
    auto by = file.mark.mark ? lake::awaited(*file.mark.mark) : std::nullopt;
    if (!by && file.mark.mark && file.mark.mark->restored)
        by = file.mark.mark->restored->by;
    if (!by)
        throw async::error(
            failure::precondition,
            fmt::format("'{}' is neither pending nor restored: there is nothing to decide", name));
    const auto& mark = *file.mark.mark;
    // Else they would be archived once more, behind those of the file.
    if (decision == verdict::keep && !mark.pending && !mark.restoring)
        co_await must_not_be_in_table(lake_, session, table, file);
    const auto asked = co_await db::fate_of(session, by->transaction, by->position, position);
    if (asked == db::fate::in_progress)
        throw async::error(failure::locked,
                           fmt::format("transaction {} of '{}' is still in progress", by->transaction, name));
    if (decision == verdict::discard)
        co_await must_be_in_table(lake_, session, table, file, asked);
    const auto undo = !mark.pending ? settle_decision::empty
                      : mark.base   ? settle_decision::take_back
                                    : settle_decision::remove;
    // Rows that the table has as well stay in both places: marked as restored, they are recognised when they
    // are due, and not archived twice.
    bool also_in_table = false;
    if (decision == verdict::keep && mark.pending && !lake::has_empty_tail(mark)) {
        const auto seen = co_await look_at_rows(lake_, session, table, file);
        also_in_table = seen.counts.to_the_letter > 0;
    }
    const auto kept_as = also_in_table ? settle_decision::restored : settle_decision::keep;
    const decided chosen{&file, decision == verdict::keep ? kept_as : undo};
    co_await lease_.ready_to_write();
    std::vector<lake::ledger_entry> kept;
    if (auto entry = entry_of_decision(file, chosen.decision, position))
        kept.push_back(std::move(*entry));
    co_await ledger_.record(std::move(kept), sink_);
    co_await carry_out(chosen, table);
    sink_.info("settle.verdict", "a pending file was settled by a person's decision",
               {{"blob", name},
                {"decision", decision == verdict::keep ? "keep" : "discard"},
                {"transaction", by->transaction},
                {"transaction.fate", to_string(asked)}});
}

} // namespace archive
