#include "archive/run/archive/delete_beside.hpp"

#include "archive/table/folder_mistakes.hpp"
#include "archive/table/selection.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "db/changed_rows.hpp"
#include "db/delete_effects.hpp"

#include <fmt/format.h>

#include <string>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

std::string text_of(const day_span& days) {
    return days.first == days.last ? days.first.text()
                                   : fmt::format("{} to {}", days.first.text(), days.last.text());
}

bool any_asked_about_later(const archive_transaction& work) {
    std::set<lake::day> due;
    for (const auto& planned : work.plan.days)
        due.insert(planned.which);
    const auto& opened = work.opened;
    for (const auto* files : {&opened.files, &opened.files_of_shards})
        for (auto each = files->begin(); each != files->end(); ++each) {
            if (!each.is(lake::file_trait::restored) && !is_near(each.key().which, due))
                continue;
            const auto entry = *each;
            if (is_asked_about_later(entry.file, opened.table, due))
                return true;
        }
    return false;
}

} // namespace

awaitable<deletion_order> find_deletion_order(const run_context& context, const archive_transaction& work) {
    deletion_facts facts;
    facts.how = work.plan.how;
    facts.days = work.plan.days.size();
    facts.partitioned = work.opened.table.partitioned || !work.opened.partitions.empty();
    facts.compares_rows = work.compare_rows;
    facts.held_back = context.settings.rate_limit.has_value();
    if (choose_order(facts) == deletion_order::after_reading)
        co_return deletion_order::after_reading;
    facts.looks_again = any_asked_about_later(work);
    const auto oid = std::to_string(work.opened.table.named.oid);
    const auto sql = fmt::format("SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = $1::oid AND {}),"
                                 " coalesce(current_setting('old_snapshot_threshold', true), '-1') <> '-1'",
                                 db::is_trigger_on_delete);
    const auto asked = co_await work.opened.session.query(sql, std::string_view(oid));
    facts.triggers = asked.boolean(0, 0);
    facts.snapshots_age = asked.boolean(0, 1);
    co_return choose_order(facts);
}

awaitable<void> delete_beside::begin() {
    work_.deleted_beside.emplace();
    work_.deleted_beside->before = co_await db::read_change_counters(work_.opened.session);
}

void delete_beside::day_is_read(lake::day which) {
    read_.insert(which);
    changed_.notify_all();
}

void delete_beside::reading_ended() {
    reading_ = false;
    note_time();
    context_.report.enter(run_phase::deleting);
}

void delete_beside::note_time() {
    if (began_)
        context_.report.deleting_beside += run_report::clock::now() - *began_;
    began_.reset();
}

awaitable<void> delete_beside::run() {
    for (std::size_t left = work_.plan.days.size(); left > 0;) {
        while (read_.empty())
            co_await changed_.wait();
        const auto days = take_first_span(read_);
        co_await delete_days(days);
        left -= static_cast<std::size_t>(days.last.number() - days.first.number() + 1);
    }
}

awaitable<void> delete_beside::delete_days(day_span days) {
    fault_point("before-delete-days");
    async::span shown(context_.log, "job", "delete", text_of(days));
    const auto rows = days_from_to(work_.plan.rows, days.first, days.last);
    const auto staged = rows_staged(days);
    if (reading_)
        began_ = run_report::clock::now();
    const auto answer = co_await work_.opened.session.query(delete_sql(work_.opened.table, rows));
    note_time();
    const auto deleted = answer.rows_affected();
    shown.note("rows", deleted);
    if (deleted != staged)
        throw async::error(
            failure::integrity,
            fmt::format("{}: {} rows were staged, but the server deleted {}", text_of(days), staged, deleted),
            "A trigger was created meanwhile and keeps rows, or a table with rows of its own "
            "inherits from this one since. Nothing was deleted.");
    work_.deleted_beside->rows += deleted;
    fault_point("days-deleted");
}

std::uint64_t delete_beside::rows_staged(const day_span& days) const {
    std::uint64_t rows = 0;
    auto& files = work_.staging->files();
    for (auto found = files.find(days.first); found != files.end() && found->first <= days.last; ++found)
        rows += found->second->rows + found->second->day_rows_recognised();
    return rows;
}

} // namespace archive
