// restore --into TABLE: days copied into another table, many at once; the archive is not touched.

#include "archive/conflict.hpp"
#include "archive/day_loader.hpp"
#include "archive/fault_point.hpp"
#include "archive/session_scope.hpp"
#include "archive/unit.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"

#include <fmt/format.h>

#include <array>

namespace archive {

using async::failure;

awaitable<void> job::copy_days(restore_request what) {
    context_.report.enter(run_phase::planning);
    const auto target = co_await make_target(what.into);
    auto present = co_await context_.lake.present_files();
    const auto all = std::move(present).value_or(file_map());
    const auto files = files_to_restore(all, what.days);
    if (files.empty())
        throw async::error(failure::precondition, "there is no archived day with rows in that range",
                           "`event-archiver list` shows the days there are.");
    for (const auto* file : files) {
        if (!file->mark.mistake.empty())
            throw async::error(failure::precondition,
                               fmt::format("'{}': {}", file->properties.name, file->mark.mistake));
        if (file->mark.mark && awaited(*file->mark.mark))
            throw async::error(failure::precondition,
                               fmt::format("'{}' waits for transaction {}: which of its rows count is open",
                                           file->properties.name, awaited(*file->mark.mark)->transaction),
                               "Run `event-archiver recover` first.");
    }
    context_.report.enter(run_phase::restoring);
    context_.report.days_planned = files.size();
    const auto step = [this, &files, &target](std::size_t index) { return copy_day(*files[index], target); };
    co_await async::for_each_bounded(files.size(), context_.settings.parallel, step);
}

// The table, made like the original if there is none.
awaitable<table_description> job::make_target(std::string into) {
    const auto& settings = context_.settings;
    const auto session = co_await db::connection::open(context_.database, context_.helper, context_.sink);
    auto transaction = co_await db::transaction::begin(*session, coordinator_options());
    const auto source =
        co_await describe_table(*session, settings.table, settings.time_column, settings.key_column);
    const std::array parameters{db::parameter(into)};
    const auto found = co_await session->query("SELECT to_regclass($1)::oid", parameters);
    if (found.is_null(0, 0))
        co_await session->execute(fmt::format("CREATE TABLE {} (LIKE {} INCLUDING ALL)", into, source.name));
    else if (static_cast<std::uint32_t>(found.integer(0, 0)) == source.oid)
        throw async::error(failure::usage, fmt::format("--into names {} itself", source.name),
                           "Leave --into out to move the days back into it.");
    auto target = co_await describe_table(*session, into, settings.time_column, settings.key_column);
    // In a dry run it must be there to be written to; an empty table more is the price.
    if (co_await transaction.commit(async::deadline::after(commit_patience)) != db::commit_outcome::committed)
        throw async::error(failure::temporary, fmt::format("whether {} could be made is not known", into));
    co_return target;
}

awaitable<void> job::copy_day(const lake_file& file, const table_description& target) {
    const database_access database{context_.database, context_.helper, context_.sink};
    co_await with_session(database, [this, &file, &target](db::connection& session) {
        return copy_day_inside(session, file, target);
    });
}

awaitable<void> job::copy_day_inside(db::connection& session, const lake_file& file,
                                     const table_description& target) {
    const async::span shown(context_.sink, "readers", "restore", file.properties.name);
    auto transaction = co_await db::transaction::begin(session, coordinator_options());
    day_loader loader(session, context_.lake, target);
    const auto loaded = co_await loader.load(file);
    if (context_.settings.dry_run) {
        co_await transaction.rollback();
    } else if (co_await async::shielded(transaction.commit(async::deadline::after(commit_patience))) !=
               db::commit_outcome::committed) {
        if (const auto& refusal = transaction.refusal())
            throw db::error(*refusal);
        throw async::error(
            failure::temporary,
            fmt::format("whether the rows of '{}' were committed is not known", file.properties.name),
            "Run the same command again: rows that are there already are not inserted twice.");
    }
    fault_point("day-copied-back");
    ++context_.report.days_staged;
    record_day_restored(file, loaded, target.name);
}

} // namespace archive
