#include "archive/settle/settle_writer.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/task_group.hpp"
#include "azure/blob/error.hpp"
#include "lake/mark/mark_change.hpp"
#include "lake/write/pending_content.hpp"

#include <optional>
#include <string>
#include <utility>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

bool is_undo(settle_decision decision) noexcept {
    return decision == settle_decision::take_back || decision == settle_decision::remove;
}

// The line for the ledger, written before the decision is carried out. nullopt if the ledger has that content
// already.
std::optional<lake::ledger_entry> entry_of_decision(const lake::listed_file& file, settle_decision decision,
                                                    const db::server_position& position) {
    const auto& mark = *file.mark.mark;
    const auto entry = [&file, &position](const lake::file_mark& after, std::string_view word) {
        auto made = lake::entry_of(file.properties.name, after, file.properties.etag, std::string(word));
        if (lake::is_decision(made))
            made.now.position = position;
        return made;
    };
    switch (decision) {
    case settle_decision::keep:
        // Before the mark ends: the ledger expects a restored file to have it.
        if (mark.restoring)
            return entry(lake::not_restored(mark), "settled");
        return mark.pending ? entry(mark, "settled") : entry(lake::archived_again(mark), "archived");
    case settle_decision::restored:
        return entry(lake::moved_back(mark), "restored");
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

// Whether to look at the tail before the ledger is written: a tail that cannot be taken back must not be
// recorded as taken back.
bool may_have_changed(const decided_file& each) {
    const auto& mark = *each.file->mark.mark;
    return is_undo(each.decision) && each.doubtful && mark.pending && !lake::has_empty_tail(mark);
}

// The ledger has no line about what is plainly aborted.
bool is_plainly_undone(const decided_file& each) {
    const bool withdraws = each.decision == settle_decision::keep && each.file->mark.mark->restoring;
    return !each.doubtful && (is_undo(each.decision) || withdraws);
}

std::vector<lake::ledger_entry> entries_of(const std::vector<decided_file>& decided,
                                           const db::server_position& position) {
    std::vector<lake::ledger_entry> entries;
    for (const auto& each : decided)
        if (auto entry = entry_of_decision(*each.file, each.decision, position);
            entry && !is_plainly_undone(each))
            entries.push_back(std::move(*entry));
    return entries;
}

} // namespace

awaitable<void> settle_writer::write(std::vector<decided_file> decided, const table_description& table,
                                     const db::server_position& position) {
    if (!decided.empty())
        co_await steps_.ready_to_write();
    std::exception_ptr gone; // the others are settled all the same
    std::vector<decided_file> sure;
    for (const auto& each : decided) {
        if (may_have_changed(each)) {
            const auto found = co_await async::outcome_of(lake::look_at_pending(files_, *each.file));
            if (found.failed && async::failure_of(found.failed) != failure::integrity)
                std::rethrow_exception(found.failed);
            if (found.failed) {
                gone = found.failed;
                continue;
            }
        }
        sure.push_back(each);
    }
    co_await steps_.record(entries_of(sure, position));
    const auto step = [this, &sure, &table, &gone](std::size_t index) -> awaitable<void> {
        try {
            co_await carry_out(sure[index], table);
        } catch (const async::error& error) {
            if (error.kind() != failure::integrity)
                throw;
            gone = std::current_exception();
        }
    };
    co_await async::for_each_bounded(sure.size(), parallel_, step);
    if (gone)
        std::rethrow_exception(gone);
}

awaitable<void> settle_writer::carry_out(const decided_file& each, const table_description& table) {
    const auto& mark = *each.file->mark.mark;
    fault_point("before-settle");
    switch (each.decision) {
    case settle_decision::keep:
        if (mark.restoring)
            co_await restores_.withdraw(*each.file, lake::not_restored(mark));
        else if (mark.pending)
            co_await tails_.keep(*each.file);
        else
            co_await restores_.archive_again(*each.file);
        break;
    case settle_decision::restored:
        co_await restores_.mark_restored(*each.file);
        break;
    case settle_decision::empty:
        co_await restores_.empty(*each.file, table);
        break;
    case settle_decision::take_back:
        co_await tails_.take_back(*each.file);
        break;
    case settle_decision::remove:
        co_await remove_or_empty(*each.file, table);
        break;
    case settle_decision::wait:
    case settle_decision::look_at_rows:
    case settle_decision::refuse_foreign:
    case settle_decision::refuse_mixed:
    case settle_decision::refuse_copy:
    case settle_decision::refuse_gone:
        throw async::error(failure::internal, "a settle decision that cannot be carried out");
    }
    fault_point("after-settle");
}

// A blob that has snapshots is not removed: its header stays.
awaitable<void> settle_writer::remove_or_empty(const lake::listed_file& file,
                                               const table_description& table) {
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

} // namespace archive
