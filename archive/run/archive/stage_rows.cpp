#include "archive/run/archive/stage_rows.hpp"

#include "archive/run/archive/delete_beside.hpp"
#include "archive/run/archive/file_trial.hpp"
#include "archive/stage/rate_limit.hpp"
#include "archive/stage/table_reader.hpp"
#include "archive/table/row_lookup.hpp"
#include "async/fault_point.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace archive {

using async::fault_point;

namespace {

// Each range costs a query; long ranges leave workers idle at the end.
constexpr std::size_t ranges_per_worker = 4;
constexpr std::uint64_t range_pages_min = 1'024; // 8 MiB
constexpr std::size_t files_per_look = 1'000;    // whole at a time, and in a query

// Of the days that are due; of all days where those are not known yet.
std::vector<lake::file_key> files_due(const archive_transaction& work) {
    const auto& known = work.opened.files;
    if (work.plan.how != reading::by_day)
        return known.keys_in({});
    std::vector<lake::file_key> keys;
    for (const auto& planned : work.plan.days)
        for (const auto kind : {lake::compression::none, lake::compression::gzip})
            if (known.contains({planned.which, kind}))
                keys.push_back({planned.which, kind});
    return keys;
}

// Files whose last rows are due again: the database has lost the commit that deleted them.
awaitable<std::set<lake::day>> days_that_came_back(const archive_transaction& work) {
    std::set<lake::day> days;
    const auto keys = files_due(work);
    for (std::size_t from = 0; from < keys.size(); from += files_per_look) {
        const auto part = std::span(keys).subspan(from, std::min(files_per_look, keys.size() - from));
        std::vector<lake::listed_file> files;
        std::vector<const lake::listed_file*> asked;
        files.reserve(part.size());
        for (const auto& key : part)
            asked.push_back(&files.emplace_back(work.opened.files.unpacked(key).value()));
        const auto& table = work.opened.table;
        const auto seen =
            co_await look_for_samples(work.opened.session, table, asked, where_clause(table, work.plan.rows));
        for (const auto& [file, sample] : seen)
            if (sample == sample_seen::to_the_letter || sample == sample_seen::key_only)
                days.insert(file->key().which);
    }
    co_return days;
}

// The context of staging; it refers to `work`.
staging_context target_of(const async::asio::any_io_executor& executor, const run_context& context,
                          lake::ledger& ledger, archive_transaction& work) {
    std::function<awaitable<void>(const lake::listed_file&)> judge; // by day they have been judged before
    if (work.plan.how != reading::by_day)
        judge = [trial = std::make_shared<file_trial>(executor, context, work.opened)](
                    const lake::listed_file& file) { return trial->must_be_restorable(file); };
    return {.lake = context.lake,
            .pages = context.pages,
            .log = context.log,
            .report = context.report,
            .table = work.opened.table,
            .position = work.opened.position,
            .existing = work.opened.files,
            .came_back = work.came_back,
            .planned = work.plan.days,
            .by_day = work.plan.how == reading::by_day,
            .rows = work.plan.rows,
            .row_bytes = work.row_bytes,
            .nonce = context.new_nonce(),
            .parallel = context.settings.parallel,
            .compression = context.settings.compression,
            .encryption_scope = context.settings.placement.encryption_scope,
            .book = &ledger,
            .digest_rows = work.compare_rows,
            .judge_others = std::move(judge)};
}

awaitable<void> read_rows(const run_context& context, archive_transaction& work, reader_context source) {
    const async::span shown(context.log, "job", "stage");
    table_reader reader(std::move(source), *work.staging);
    if (work.plan.how == reading::by_day)
        co_return co_await reader.read_days(work.plan.days);
    // A range of pages cannot be asked of a partitioned table, nor cheaply before PostgreSQL 14.
    const auto& table = work.opened.table;
    const bool one_piece = table.partitioned || work.opened.session.server_version() < 140000;
    const auto count = one_piece ? 1 : context.settings.parallel * ranges_per_worker;
    co_await reader.read_ranges(cut_pages(one_piece ? 0 : table.pages, count, range_pages_min));
    work.rows_dayless = reader.rows_dayless();
}

// The first failure of either ends both.
awaitable<void> read_and_delete(const run_context& context, archive_transaction& work,
                                reader_context source) {
    const auto executor = co_await async::asio::this_coro::executor;
    delete_beside deletion(executor, context, work);
    co_await deletion.begin();
    source.day_is_read = [&deletion](lake::day which) { deletion.day_is_read(which); };
    const auto read = [&]() -> awaitable<void> {
        co_await read_rows(context, work, std::move(source));
        deletion.reading_ended();
    };
    std::vector<awaitable<void>> both;
    both.push_back(read());
    both.push_back(deletion.run());
    co_await async::run_all(std::move(both));
}

} // namespace

awaitable<void> stage_rows(const run_context& context, lake::ledger& ledger, archive_transaction& work,
                           std::string cutoff, deletion_order order) {
    context.report.enter(run_phase::staging);
    const auto snapshot = co_await work.opened.session.query("SELECT pg_export_snapshot()");
    fault_point("snapshot-exported");

    work.came_back = co_await days_that_came_back(work);
    const auto executor = co_await async::asio::this_coro::executor;
    work.staging = std::make_unique<staging>(executor, target_of(executor, context, ledger, work));

    rate_limit limit(context.settings.rate_limit);
    reader_context source{.database = context.database,
                          .helper = context.helper,
                          .log = context.log,
                          .report = context.report,
                          .table = work.opened.table,
                          .rows = work.plan.rows,
                          .snapshot = std::string(snapshot.text(0, 0)),
                          .parallel = context.settings.parallel,
                          .lock_timeout = context.settings.settle_wait,
                          .limit = limit,
                          .server = work.opened.position,
                          .policies_apply = work.policies_apply};
    if (order == deletion_order::beside_reading)
        co_await read_and_delete(context, work, std::move(source));
    else
        co_await read_rows(context, work, std::move(source));
    if (work.rows_dayless > 0)
        context.log.warn("rows.dayless",
                         "rows without a valid timestamp (-infinity or before year 1) stay in the table",
                         {{"rows", work.rows_dayless}});
    context.report.rows_dayless = work.rows_dayless;
    const auto& files = work.staging->files();
    if (!context.report.backlog)
        context.report.backlog =
            files.empty() ? std::chrono::seconds(0) : lake::seconds_after(files.begin()->first, cutoff);
    fault_point("staged");
}

} // namespace archive
