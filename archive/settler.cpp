#include "archive/settler.hpp"

#include "archive/fault_point.hpp"
#include "archive/key_lookup.hpp"
#include "archive/selection.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <stdexcept>

namespace archive {

using async::failure;

namespace {

constexpr std::size_t keys_shown = 20;

constexpr std::string_view verdict_hint =
    "Having looked at the file and the table, run `event-archiver recover --keep FILE` (the rows are in the "
    "file only)"
    " or `event-archiver recover --discard FILE` (the rows are in the table).";

} // namespace

awaitable<fate> fate_of(db::connection& session, std::string transaction, server_position then,
                        server_position now) {
    if (now.cluster.empty()) // hidden: equal to none
        co_return fate::unknown;
    if (then.cluster != now.cluster || then.database != now.database || then.timeline != now.timeline ||
        then.lsn > now.lsn)
        co_return fate::unknown;
    co_await session.execute("SAVEPOINT fate");
    std::optional<db::result> found;
    try {
        const std::array parameters{db::parameter(transaction)};
        // The second asks the snapshot with which rows are looked at: the first is of this very moment.
        found = co_await session.query(
            "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8),"
            " pg_catalog.pg_visible_in_snapshot($1::pg_catalog.xid8, pg_catalog.pg_current_snapshot())",
            parameters);
    } catch (const db::error& failed) {
        // 22023: "transaction ID … is in the future": this server has not come that far.
        if (failed.state() != "22023")
            throw;
    }
    if (!found) {
        co_await session.execute("ROLLBACK TO fate");
        co_return fate::unknown;
    }
    co_await session.execute("RELEASE fate");
    if (found->is_null(0, 0))
        co_return fate::unknown;
    co_return fate_seen(found->text(0, 0), found->boolean(0, 1));
}

awaitable<settling> settler::settle(db::connection& session, const table_description& table,
                                    const server_position& position, const file_map& files) {
    settling result;
    evidence known;
    known.returned = co_await rows_that_came_back(session, table, files);
    std::vector<decided> work;
    for (const auto& [key, file] : files) {
        // It may hide a pending tail.
        if (!file.mark.mistake.empty())
            throw async::error(
                failure::precondition, fmt::format("'{}': {}", file.properties.name, file.mark.mistake),
                "Restore its metadata, or move the file away. docs/protocol.md names the fields.");
        if (!file.mark.mark || !awaited(*file.mark.mark))
            continue;
        const auto decision = co_await decide(session, table, position, file, known);
        if (decision == settle_decision::wait)
            result.waiting = true;
        else
            work.push_back({&file, decision});
    }
    const auto step = [this, &work, &table](std::size_t index) { return carry_out(work[index], table); };
    co_await async::for_each_bounded(work.size(), parallel_, step);
    result.settled = work.size();
    co_return result;
}

// The samples of pending tails that the table has: of a committed transaction it should have none.
awaitable<std::set<std::string>>
settler::rows_that_came_back(db::connection& session, const table_description& table, const file_map& files) {
    std::vector<std::string> samples;
    for (const auto& [key, file] : files)
        if (file.mark.mark && file.mark.mark->pending && has_sample_of(*file.mark.mark, table))
            samples.push_back(file.mark.mark->now.sample->key.front());
    auto found = co_await keys_in_table(session, table, samples);
    co_return std::set<std::string>(std::make_move_iterator(found.begin()),
                                    std::make_move_iterator(found.end()));
}

awaitable<settle_decision> settler::decide(db::connection& session, const table_description& table,
                                           const server_position& position, const lake_file& file,
                                           evidence& known) {
    const auto& mark = *file.mark.mark;
    const auto& name = file.properties.name;
    const auto by = awaited(mark).value();
    const auto judge = mark.restoring ? decide_restoring : decide_settling;
    settle_facts facts;
    facts.has_base = mark.base.has_value();
    const bool here = by.position.cluster == position.cluster && by.position.database == position.database &&
                      mark.table == table_in_mark(table);
    facts.origin = here ? origin::this_database : origin::elsewhere;
    if (here) {
        const auto key = fmt::format("{}/{}/{}", by.position.timeline, by.position.lsn, by.transaction);
        auto found = known.fates.find(key);
        if (found == known.fates.end()) {
            const auto asked = co_await fate_of(session, by.transaction, by.position, position);
            found = known.fates.emplace(key, asked).first;
        }
        facts.fate = mark.pending
                         ? believe(found->second, has_sample_of(mark, table) &&
                                                      known.returned.contains(mark.now.sample->key.front()))
                         : found->second;
    }
    auto decision = judge(facts);
    tail_look seen;
    if (decision == settle_decision::look_at_rows) {
        if (has_empty_tail(mark))
            seen.rows = tail_rows::no_rows;
        else
            seen = co_await look_at_rows(session, table, file);
        facts.rows = seen.rows;
        decision = judge(facts);
    }
    if (decision == settle_decision::refuse_foreign)
        throw async::error(
            failure::integrity,
            fmt::format(
                "'{}' waits for transaction {} on table {} of cluster {}, database {}; this is table {} of"
                " cluster {}, database {}",
                name, by.transaction, mark.table, by.position.cluster, by.position.database,
                table_in_mark(table), position.cluster, position.database),
            "Run `event-archiver recover` against the database that wrote it. " + std::string(verdict_hint));
    if (decision == settle_decision::refuse_mixed)
        throw async::error(
            failure::integrity,
            fmt::format("'{}' waits for transaction {}, of which the server says '{}', and {} of the {}"
                        " rows it moved are in the table: {} {}{}",
                        name, by.transaction, to_string(facts.fate), seen.present_count, seen.total,
                        table.columns[table.key_position], fmt::join(seen.present, ", "),
                        seen.present_count > seen.present.size() ? ", …" : ""),
            std::string(verdict_hint));
    sink_.info("settle.decided", "a file that an earlier run left pending",
               {{"blob", name},
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
            co_await restores_.withdraw(*what.file, not_restored(mark));
        else if (mark.pending)
            co_await publisher_.keep(*what.file);
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
        co_await publisher_.take_back(*what.file);
        break;
    case settle_decision::remove:
        co_await publisher_.remove(*what.file);
        break;
    case settle_decision::wait:
    case settle_decision::look_at_rows:
    case settle_decision::refuse_foreign:
    case settle_decision::refuse_mixed:
        throw async::error(failure::internal, "a settle decision that cannot be carried out");
    }
    fault_point("after-settle");
}

awaitable<settler::tail_look> settler::look_at_rows(db::connection& session, const table_description& table,
                                                    const lake_file& file) {
    const auto& mark = *file.mark.mark;
    const auto from = mark.pending && mark.base ? mark.base->bytes : 0;
    const auto& name = file.properties.name;
    const auto damaged = [&name](const std::exception& why) {
        return async::error(failure::integrity,
                            fmt::format("'{}' cannot be read to be settled: {}", name, why.what()),
                            std::string(verdict_hint));
    };
    // Keys may repeat from day to day where the primary key has the time in it.
    const auto key = key_of_file(std::string_view(name).substr(name.rfind('/') + 1));
    const auto within = key ? day_clause(table, key->which) : std::string();
    tail_look seen;
    std::vector<std::string> keys;
    const auto header = csv::header_line(table.columns);
    bool first = true;
    const auto take_row = [&](std::string_view row) {
        // A tail may hold the header, if the file was there but empty; that of a file whose last line had no
        // newline begins with one.
        if ((std::exchange(first, false) && (from == 0 || row == header)) || row == "\n")
            return;
        ++seen.total;
        keys.push_back(csv::split_row(row).at(table.key_position));
    };
    csv::file_scanner scanner(file.compressed(), take_row, csv::line_ends::lf, lake_.row_limit(file));
    const auto ask = [&]() -> awaitable<void> {
        auto found = co_await keys_in_table(session, table, keys, within);
        seen.present_count += found.size();
        found.resize(std::min(found.size(), keys_shown - seen.present.size()));
        std::ranges::move(found, std::back_inserter(seen.present));
        keys.clear();
    };
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        scanner.give(bytes);
        for (bool more = true; more;) {
            try {
                more = scanner.step();
            } catch (const std::logic_error& broken) {
                throw damaged(broken);
            }
            if (keys.size() >= keys_per_query)
                co_await ask();
        }
    };
    co_await lake_.read(file.properties.name, file.properties.etag, from, take);
    try {
        scanner.finish();
    } catch (const std::logic_error& broken) {
        throw damaged(broken);
    }
    if (!keys.empty())
        co_await ask();
    seen.rows = seen.present_count == 0            ? tail_rows::none_in_table
                : seen.present_count == seen.total ? tail_rows::all_in_table
                                                   : tail_rows::some_in_table;
    co_return seen;
}

awaitable<void> settler::must_not_be_in_table(db::connection& session, const table_description& table,
                                              const lake_file& file) {
    const auto seen = co_await look_at_rows(session, table, file);
    if (seen.present_count == 0)
        co_return;
    throw async::error(
        failure::precondition,
        fmt::format("rows with {} keys of '{}' are in {}: {} {}{}", seen.present_count, file.properties.name,
                    table.name, table.columns[table.key_position], fmt::join(seen.present, ", "),
                    seen.present_count > seen.present.size() ? ", …" : ""),
        "If the file's rows count, delete these from the table first. If the table's count, run"
        " `event-archiver recover --discard FILE`.");
}

awaitable<void> settler::settle_by_verdict(db::connection& session, const table_description& table,
                                           const server_position& position, const lake_file& file,
                                           verdict decision) {
    const auto& name = file.properties.name;
    auto by = file.mark.mark ? awaited(*file.mark.mark) : std::nullopt;
    if (!by && file.mark.mark && file.mark.mark->restored)
        by = file.mark.mark->restored->by;
    if (!by)
        throw async::error(
            failure::precondition,
            fmt::format("'{}' is neither pending nor restored: there is nothing to decide", name));
    const auto& mark = *file.mark.mark;
    // Else they would be archived once more, behind those of the file.
    if (decision == verdict::keep && !mark.pending && !mark.restoring)
        co_await must_not_be_in_table(session, table, file);
    const auto asked = co_await fate_of(session, by->transaction, by->position, position);
    if (asked == fate::in_progress)
        throw async::error(failure::locked,
                           fmt::format("transaction {} of '{}' is still in progress", by->transaction, name));
    const auto undo = !mark.pending ? settle_decision::empty
                      : mark.base   ? settle_decision::take_back
                                    : settle_decision::remove;
    const decided chosen{&file, decision == verdict::keep ? settle_decision::keep : undo};
    co_await carry_out(chosen, table);
    sink_.info("settle.verdict", "a pending file was settled by a person's decision",
               {{"blob", name},
                {"decision", decision == verdict::keep ? "keep" : "discard"},
                {"transaction", by->transaction},
                {"transaction.fate", to_string(asked)}});
}

} // namespace archive
