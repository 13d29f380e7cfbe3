#include "archive/run/restore/copy_run.hpp"

#include "archive/run/known_files.hpp"
#include "archive/run/restore/new_table.hpp"
#include "archive/run/restore/restore_target.hpp"
#include "archive/run/run_effects.hpp"
#include "archive/run/transaction_opener.hpp"
#include "archive/stage/file_rows.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"
#include "db/error.hpp"
#include "db/in_transaction.hpp"
#include "db/insert_effects.hpp"
#include "db/session_scope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

void must_be_settled(const lake::listed_file& file) {
    const auto& name = file.properties.name;
    if (!file.mark.mistake.empty())
        throw async::error(failure::precondition, fmt::format("'{}': {}", name, file.mark.mistake));
    if (file.mark.mark && file.mark.mark->pending)
        throw async::error(
            failure::precondition,
            fmt::format("'{}' waits for transaction {}: it is not known yet which of its rows count", name,
                        file.mark.mark->now.transaction),
            "Run `event-archiver recover` first.");
}

// Whether rows of `other` are rows of the table: it is a partition or a child of it, or hands its rows on to
// it.
awaitable<bool> shares_rows(db::connection& session, std::uint32_t table, std::uint32_t other) {
    const auto one = std::to_string(table);
    const auto two = std::to_string(other);
    const std::array parameters{db::parameter(one), db::parameter(two)};
    const auto found = co_await session.query(
        "WITH RECURSIVE below AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM pg_inherits i"
        " JOIN below b ON i.inhparent = b.oid),"
        " above AS (SELECT $1::oid AS oid UNION SELECT i.inhparent FROM pg_inherits i"
        " JOIN above a ON i.inhrelid = a.oid JOIN pg_class c ON c.oid = i.inhparent AND c.relkind = 'p')"
        " SELECT EXISTS (SELECT FROM below b WHERE b.oid = $2::oid)"
        " OR EXISTS (SELECT FROM above a WHERE a.oid = $2::oid)",
        parameters);
    co_return found.boolean(0, 0);
}

// Awaits `copy` in a transaction that commits the rows of the file if it returns true.
awaitable<void> copy_in_transaction(db::connection& session, const settings& limits,
                                    const lake::listed_file& file, db::transaction_body copy) {
    const auto options = coordinator_options(limits);
    bool unknown = false;
    try {
        (void)co_await db::in_transaction(session, options, std::move(copy), "copy-before-commit");
    } catch (const db::error& failed) {
        if (!failed.outcome_unknown())
            throw;
        unknown = true;
    }
    if (unknown)
        throw async::error(
            failure::temporary,
            fmt::format("it is not known whether the rows of '{}' were committed", file.properties.name),
            "Run the same command again: rows that are there already are not inserted twice.");
}

} // namespace

awaitable<void> copy_run::run() {
    context_.report.enter(run_phase::planning);
    const auto present = co_await context_.lake.present_files();
    if (!present)
        co_await context_.lake.must_be_there();
    const lake::file_map nothing;
    const auto files = files_to_restore(present ? *present : nothing, request_.days);
    for (const auto* file : files)
        must_be_settled(*file);
    context_.report.days_planned = files.size();
    lake::ledger book(context_.lake);
    known_ = co_await book.read();
    // Into another table what is there may come back.
    if (const auto lost = lost_file(known_, present ? *present : nothing, request_.days))
        context_.log.warn("restore.incomplete", "rows of these days are missing",
                          {{"error.message", lost->message()}, {"hint", lost->hint()}});
    std::size_t copied = 0;
    const auto begin = [this, &files, &copied](db::connection& session) -> awaitable<void> {
        copied = co_await copy_first(session, files);
    };
    co_await db::with_session(context_.access(), begin);
    const auto step = [this, &files, copied](std::size_t index) { return copy_day(*files[copied + index]); };
    co_await async::for_each_bounded(files.size() - copied, context_.settings.parallel, step);
}

// A new table is made in the transaction that copies the first day: a failure leaves no empty table behind.
// In a dry run all days are tried in that transaction, and the table goes with it.
awaitable<std::size_t> copy_run::copy_first(db::connection& session, const file_list& files) {
    const auto& settings = context_.settings;
    const auto named = co_await resolve_table(session, settings.table);
    auto wanted = co_await look_for_table(session, request_.into);
    const bool missing = wanted.oid == 0;
    if (missing)
        wanted = co_await name_of_new_table(session, request_.into);
    must_be_table(wanted, "--into");
    std::size_t copied = 0;
    std::optional<loaded_file> loaded;
    db::transaction_body copy = [&](db::connection& one) -> awaitable<bool> {
        co_await find_target(one, files, named, wanted);
        context_.report.enter(run_phase::restoring);
        if (!missing) {
            co_await must_be_insertable(one, *target_, restore_target::another_table);
        } else if (settings.dry_run) {
            co_await try_all(one, files);
            copied = files.size();
        } else {
            loaded = co_await load_and_prove(one, *files.front());
            copied = 1;
        }
        co_return loaded.has_value();
    };
    co_await copy_in_transaction(session, settings, *files.front(), std::move(copy));
    if (missing && loaded)
        tell_of_new_table(named);
    if (loaded)
        record(*files.front(), *loaded);
    co_return copied;
}

// Makes the table if it is missing, and describes it.
awaitable<void> copy_run::find_target(db::connection& session, const file_list& files,
                                      const named_table& named, named_table wanted) {
    const auto& settings = context_.settings;
    const auto source = co_await describe_table(session, named, settings.time_column, settings.key_columns);
    if (wanted.oid == 0) {
        const auto sql = co_await create_statement(session, context_.lake, wanted.sql(), files, source);
        co_await session.execute(sql);
        wanted = co_await resolve_table(session, wanted.sql());
    } else if (wanted.oid == source.named.oid) {
        throw async::error(failure::usage, fmt::format("--into names {} itself", source.name),
                           "Leave --into out to move the days back into it.");
    }
    const bool shared = co_await shares_rows(session, source.named.oid, wanted.oid);
    if (shared)
        throw async::error(
            failure::usage,
            fmt::format("--into names {}, and its rows are rows of {}", wanted.text(), source.name),
            "Leave --into out to move the days back into it, or name a table of its own.");
    std::vector<std::string> key;
    for (const auto& column : source.keys)
        key.push_back(column.name);
    target_ = co_await describe_table(session, wanted, settings.time_column, key, key_demand::any);
}

awaitable<void> copy_run::try_all(db::connection& session, const file_list& files) {
    for (const auto* file : files) {
        co_await session.execute("SAVEPOINT event_archiver_made");
        const auto loaded = co_await load_and_prove(session, *file);
        co_await session.execute("ROLLBACK TO event_archiver_made; RELEASE event_archiver_made");
        record(*file, loaded);
    }
}

awaitable<void> copy_run::copy_day(const lake::listed_file& file) {
    co_await db::with_session(
        context_.access(), [this, &file](db::connection& session) { return copy_day_inside(session, file); });
}

awaitable<void> copy_run::copy_day_inside(db::connection& session, const lake::listed_file& file) {
    const async::span shown(context_.log, "readers", "restore", file.properties.name);
    std::optional<loaded_file> loaded;
    db::transaction_body copy = [this, &file, &loaded](db::connection& one) -> awaitable<bool> {
        loaded = co_await load_and_prove(one, file);
        co_return !context_.settings.dry_run;
    };
    co_await copy_in_transaction(session, context_.settings, file, std::move(copy));
    record(file, *loaded);
}

awaitable<loaded_file> copy_run::load_and_prove(db::connection& session, const lake::listed_file& file) {
    const auto watch = co_await watch_table(session, target_->named.oid, context_.settings);
    const auto untouched = co_await db::read_change_counters(session);
    day_loader loader(session, context_.lake, *target_, loaded_columns::some_of_the_table);
    auto recorded = known_.content_of(file);
    auto loaded = co_await loader.load(file, std::move(recorded));
    if (!loaded.begins_as_recorded) {
        const auto changed = changed_by_others(file.properties.name);
        context_.log.warn("restore.incomplete", "rows of these days are missing",
                          {{"error.message", changed.message()}, {"hint", changed.hint()}});
    }
    co_await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    co_await loader.prove();
    const auto along = co_await db::look_at_inserts(session, watch, untouched, loaded.rows_inserted);
    for (const auto& each : along)
        record_side_effect(context_, each, "INSERT");
    co_return loaded;
}

void copy_run::tell_of_new_table(const named_table& source) const {
    const auto folded = [](std::string text) {
        std::ranges::transform(text, text.begin(), [](char each) {
            return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each;
        });
        return text;
    };
    const auto& made = target_->named;
    const bool alike = made.schema == source.schema && made.relation == folded(source.relation);
    context_.log.info("table.made",
                      alike ? fmt::format("made the table {}: it is not {}, because a name without double"
                                          " quotes is in lower case",
                                          made.text(), source.text())
                            : fmt::format("made the table {}", made.text()),
                      {{"table", target_->name}});
}

void copy_run::record(const lake::listed_file& file, const loaded_file& loaded) {
    fault_point("day-copied-back");
    ++context_.report.days_staged;
    record_restored(context_, file, loaded, target_->name);
}

} // namespace archive
