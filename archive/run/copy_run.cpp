// restore --into TABLE: days copied into another table, many at once; the archive is not touched.

#include "archive/run/archive_transaction.hpp"
#include "archive/run/day_loader.hpp"
#include "archive/run/restore_target.hpp"
#include "archive/table/file_header.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"
#include "db/insert_effects.hpp"
#include "db/session_scope.hpp"
#include "db/side_effects.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

// What the new table is made like: the original where all files have its columns.
awaitable<std::string> create_statement(db::connection& session, lake::folder& folder, std::string into,
                                        const std::vector<const lake::lake_file*>& files,
                                        const table_description& source) {
    std::vector<std::string> columns; // of all files, each once
    std::vector<std::string> common;  // that each file has
    for (const auto* file : files) {
        const auto own = co_await columns_of(folder, *file, source);
        must_name_key_and_time(*file, own, source);
        const auto is_new = [&columns](const std::string& name) {
            return std::ranges::find(columns, name) == columns.end();
        };
        if (columns.empty())
            common = own;
        std::ranges::copy_if(own, std::back_inserter(columns), is_new);
        std::erase_if(common,
                      [&own](const std::string& name) { return std::ranges::find(own, name) == own.end(); });
    }
    if (columns == source.columns && common == columns)
        co_return fmt::format("CREATE TABLE {} (LIKE {} INCLUDING ALL)", into, source.name);

    const auto oid = std::to_string(source.oid);
    const auto known = co_await session.query(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), coalesce(a.attnum = ANY (i.indkey::int2[]), "
        "false)"
        " FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary"
        " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped",
        std::string_view(oid));
    std::map<std::string, std::string, std::less<>> types;
    std::vector<std::string> key;
    bool has_key = true;
    for (int row = 0; row < known.rows(); ++row) {
        const std::string name(known.text(row, 0));
        types.emplace(name, known.text(row, 1));
        if (!known.boolean(row, 2))
            continue;
        key.push_back(db::connection::identifier(name));
        has_key = has_key && std::ranges::find(common, name) != common.end();
    }
    std::vector<std::string> parts;
    for (const auto& name : columns) {
        const auto type = types.find(name);
        parts.push_back(fmt::format("{} {}", db::connection::identifier(name),
                                    type == types.end() ? std::string_view("text") : type->second));
    }
    if (has_key && !key.empty())
        parts.push_back(fmt::format("PRIMARY KEY ({})", fmt::join(key, ", ")));
    co_return fmt::format("CREATE TABLE {} ({})", into, fmt::join(parts, ", "));
}

void must_be_settled(const lake::lake_file& file) {
    const auto& name = file.properties.name;
    if (!file.mark.mistake.empty())
        throw async::error(failure::precondition, fmt::format("'{}': {}", name, file.mark.mistake));
    if (file.mark.mark && lake::awaited(*file.mark.mark))
        throw async::error(failure::precondition,
                           fmt::format("'{}' waits for transaction {}: which of its rows count is open", name,
                                       lake::awaited(*file.mark.mark)->transaction),
                           "Run `event-archiver recover` first.");
}

} // namespace

awaitable<void> job::copy_days(restore_request what) {
    context_.report.enter(run_phase::planning);
    auto present = co_await context_.lake.present_files();
    const auto all = std::move(present).value_or(lake::file_map());
    const auto files = files_to_restore(all, what.days);
    if (files.empty())
        throw async::error(failure::precondition, "there is no archived day with rows in that range",
                           "`event-archiver list` shows the days there are.");
    for (const auto* file : files)
        must_be_settled(*file);
    context_.report.days_planned = files.size();
    std::optional<table_description> target;
    std::size_t copied = 0;
    const db::database_access database{context_.database, context_.helper, context_.sink};
    const auto begin = [this, &what, &files, &target, &copied](db::connection& session) -> awaitable<void> {
        copied = co_await copy_first(session, what.into, files, target);
    };
    co_await db::with_session(database, begin);
    const auto step = [this, &files, &target, copied](std::size_t index) {
        return copy_day(*files[copied + index], *target);
    };
    co_await async::for_each_bounded(files.size() - copied, context_.settings.parallel, step);
}

// Finds the table, or makes it in the transaction that copies the first day: a failure leaves no empty table
// behind. Returns how many files have been copied.
awaitable<std::size_t> job::copy_first(db::connection& session, std::string into,
                                       const std::vector<const lake::lake_file*>& files,
                                       std::optional<table_description>& target) {
    const auto& settings = context_.settings;
    const auto named = co_await resolve_table(session, settings.table);
    auto wanted = co_await look_for_table(session, into);
    const bool missing = wanted.oid == 0;
    if (missing)
        wanted = co_await name_of_new_table(session, into);
    auto transaction = co_await db::transaction::begin(session, coordinator_options());
    const auto source = co_await describe_table(session, named, settings.time_column, settings.key_columns);
    if (missing) {
        const auto sql = co_await create_statement(session, context_.lake, wanted.sql(), files, source);
        co_await session.execute(sql);
        wanted = co_await resolve_table(session, wanted.sql());
    } else if (wanted.oid == source.oid) {
        throw async::error(failure::usage, fmt::format("--into names {} itself", source.name),
                           "Leave --into out to move the days back into it.");
    }
    std::vector<std::string> key;
    for (const auto& column : source.keys)
        key.push_back(column.name);
    target = co_await describe_table(session, wanted, settings.time_column, key, key_demand::any);
    context_.report.enter(run_phase::restoring);
    if (!missing) {
        co_await must_be_insertable(session, *target, restore_target::another_table);
        co_await transaction.rollback(); // it has only read
        co_return 0;
    }
    // In a dry run the table stays, for the other days are tried in transactions of their own.
    if (settings.dry_run)
        co_await session.execute("SAVEPOINT event_archiver_made");
    const auto loaded = co_await load_and_prove(session, *files.front(), *target);
    if (settings.dry_run)
        co_await session.execute("ROLLBACK TO event_archiver_made");
    co_await commit_copy(transaction, *files.front());
    record_copied(*files.front(), loaded, *target);
    co_return 1;
}

awaitable<void> job::copy_day(const lake::lake_file& file, const table_description& target) {
    const db::database_access database{context_.database, context_.helper, context_.sink};
    co_await db::with_session(database, [this, &file, &target](db::connection& session) {
        return copy_day_inside(session, file, target);
    });
}

awaitable<void> job::copy_day_inside(db::connection& session, const lake::lake_file& file,
                                     const table_description& target) {
    const async::span shown(context_.sink, "readers", "restore", file.properties.name);
    auto transaction = co_await db::transaction::begin(session, coordinator_options());
    const auto loaded = co_await load_and_prove(session, file, target);
    if (context_.settings.dry_run)
        co_await transaction.rollback();
    else
        co_await commit_copy(transaction, file);
    record_copied(file, loaded, target);
}

awaitable<loaded_file> job::load_and_prove(db::connection& session, const lake::lake_file& file,
                                           const table_description& target) {
    db::delete_watch watch;
    watch.table = co_await db::root_of(session, target.oid);
    watch.policy = context_.settings.side_effects;
    watch.setting = "ARCHIVE_SIDE_EFFECTS";
    const auto untouched = co_await db::read_change_counters(session);
    day_loader loader(session, context_.lake, target, loaded_columns::some_of_the_table);
    auto loaded = co_await loader.load(file);
    co_await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    co_await loader.prove();
    const auto along = co_await db::look_at_inserts(session, watch, untouched, loaded.rows_inserted);
    for (const auto& each : along)
        record_side_effect(each, "INSERT");
    co_return loaded;
}

awaitable<void> job::commit_copy(db::transaction& transaction, const lake::lake_file& file) {
    const auto by = async::deadline::after(db::commit_patience);
    if (co_await async::shielded(transaction.commit(by)) == db::commit_outcome::committed)
        co_return;
    if (const auto& refusal = transaction.refusal())
        throw db::error(*refusal);
    throw async::error(
        failure::temporary,
        fmt::format("whether the rows of '{}' were committed is not known", file.properties.name),
        "Run the same command again: rows that are there already are not inserted twice.");
}

void job::record_copied(const lake::lake_file& file, const loaded_file& loaded,
                        const table_description& target) {
    fault_point("day-copied-back");
    ++context_.report.days_staged;
    record_day_restored(file, loaded, target.name);
}

} // namespace archive
