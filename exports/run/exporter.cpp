#include "exports/run/exporter.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/timeline.hpp"
#include "db/position.hpp"
#include "db/transaction.hpp"
#include "exports/rows/row_export.hpp"
#include "exports/run/conclude.hpp"
#include "exports/task/task_sql.hpp"
#include "exports/transaction/task_loop.hpp"
#include "exports/transaction/task_opener.hpp"
#include "exports/transaction/task_transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>
#include <vector>

namespace exports {

using async::failure;

namespace {

awaitable<void> hand_over(const export_context& context, lake::folder_lease& lease, db::connection& session) {
    const db::transaction_options options;
    auto looking = co_await db::transaction::begin(session, options);
    const bool alone = co_await exclude_exports(session); // they share the lease that is released here
    if (!alone) {
        const auto busy = co_await exports_at_work(session);
        throw busy;
    }
    const auto position = co_await db::position_of(session);
    auto claim = co_await lake::claim_of(session, position, "exports");
    const auto ours = lake::describe(claim.owner);
    const auto before = co_await lease.adopt(std::move(claim));
    const auto from = before ? lake::describe(*before) : std::string();
    context.log.info("folder.adopted",
                     before ? fmt::format("the folder was handed over from {} to {}", from, ours)
                            : fmt::format("the folder belongs to {}", ours),
                     {{"from", from}, {"to", ours}});
    co_await looking.rollback();
}

// Two databases in one directory may have left a file of one name each.
const unsettled_file& file_of_this_database(const std::vector<unsettled_file>& of_that_name,
                                            const db::server_position& here) {
    const auto ours = std::ranges::find_if(of_that_name, [&here](const unsettled_file& each) {
        return each.mistake.empty() && db::same_database(each.mark.author.position, here);
    });
    if (ours != of_that_name.end())
        return *ours;
    if (of_that_name.size() > 1)
        throw async::error(failure::precondition,
                           fmt::format("there are {} hidden files of the name '{}', and none is of this"
                                       " database",
                                       of_that_name.size(), of_that_name.front().name),
                           "Run `event-archiver recover --exports` with the settings of each database that"
                           " exports into this directory.");
    return of_that_name.front();
}

// `of_that_name`: files of one task, one at least.
awaitable<void> settle_as_decided(const export_context& context,
                                  const std::vector<unsettled_file>& of_that_name, verdict decision,
                                  db::connection& session) {
    task_report report;
    report.task = of_that_name.front().mark.task;
    task_transaction opened(session, report);
    const auto opening = co_await open_task(context, opened);
    if (opening == task_opening::lease_busy)
        throw context.sink.lease()->taken();
    if (opening == task_opening::lock_busy)
        throw lock_is_held(report);
    const auto file = file_of_this_database(of_that_name, opened.position);
    export_settling settling(context, opened);
    co_await settling.settle_by_verdict(file, decision);
    co_await leave_task(context, opened);
}

} // namespace

awaitable<task_report> exporter::run(exports::task task) {
    using namespace std::chrono;
    const auto started = steady_clock::now();
    task_report report;
    report.task = task.name;
    report.began = floor<milliseconds>(system_clock::now());
    std::exception_ptr failed;
    try {
        const async::span shown(context_.log, "job", "export", task.name);
        if (!task.mistake.empty())
            throw async::error(failure::precondition, task.mistake, std::string(fix_file_hint));
        const task_body body = [this, &task](task_transaction& opened) -> awaitable<void> {
            row_export work(context_, opened, task);
            co_await work.run();
        };
        co_await repeat_task(context_, report, body);
    } catch (...) {
        failed = std::current_exception();
    }
    report.took = duration_cast<milliseconds>(steady_clock::now() - started);
    if (failed && async::is_cancellation(failed))
        std::rethrow_exception(failed);
    conclude(report, failed, context_.log);
    co_return report;
}

awaitable<std::uint64_t> exporter::recover() {
    const auto files = co_await context_.sink.unsettled();
    std::set<std::string> tasks;
    for (const auto& file : files)
        tasks.insert(file.mark.task);
    std::uint64_t settled = 0;
    std::exception_ptr failed;
    const task_body nothing;
    for (const auto& name : tasks) {
        task_report report;
        report.task = name;
        const auto left = co_await async::caught_error(repeat_task(context_, report, nothing));
        if (!failed)
            failed = left;
        settled += report.files_settled;
    }
    if (failed)
        std::rethrow_exception(failed);
    co_return settled;
}

awaitable<void> exporter::recover_file(std::string name, verdict decision) {
    name.erase(0, name.rfind('/') + 1); // npos + 1 is 0
    auto files = co_await context_.sink.unsettled();
    std::erase_if(files, [&name](const unsettled_file& each) { return each.name != name; });
    if (files.empty())
        throw async::error(failure::precondition, fmt::format("'{}' has no uncommitted rows", name));
    const auto settling = [this, &files, decision](db::connection& session) {
        return settle_as_decided(context_, files, decision, session);
    };
    co_await db::with_session(context_.database, settling);
}

awaitable<void> exporter::adopt() {
    auto* const lease = context_.sink.lease();
    if (lease == nullptr)
        throw async::error(failure::usage, "exports go to a directory, which has no owner",
                           "--adopt is for a folder in a storage account: set EXPORT_TO=lake.");
    const auto adopting = [this, lease](db::connection& session) {
        return hand_over(context_, *lease, session);
    };
    co_await db::with_session(context_.database, adopting);
}

} // namespace exports
