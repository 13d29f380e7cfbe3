#include "exports/transaction/export_settling.hpp"

#include "async/error.hpp"
#include "db/fate.hpp"
#include "exports/settle/file_look.hpp"
#include "exports/settle/look_for_rows.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace exports {

using async::failure;
using db::fate;

namespace {

constexpr std::string_view verdict_hint = "Look whether the rows of the file are in the table, then run "
                                          "`event-archiver recover --exports --keep FILE` "
                                          "(they are in the file only) or `event-archiver recover --exports "
                                          "--discard FILE` (they are in the table).";

async::error unreadable(const unsettled_file& file) {
    return async::error(failure::precondition,
                        fmt::format("the mark of '{}' cannot be read: {}", file.name, file.mistake),
                        std::string(verdict_hint));
}

async::error in_use(const unsettled_file& file) {
    return async::error(
        failure::locked,
        fmt::format("'{}' is in use by another process: a run on another database or server has written it",
                    file.name),
        "Only that run knows whether its transaction committed: wait until it has ended. A directory is for "
        "the exports of one database; a copy of the server needs another EXPORT_PATH.");
}

std::string_view contradiction(fate asked, rows_seen rows) {
    switch (rows) {
    case rows_seen::some:
    case rows_seen::every:
        return asked == fate::committed
                   ? "rows of the file are in the table"
                   : "the server was started again since, and the table does not have each row of the file";
    case rows_seen::not_known:
        return "its mark has no evidence of the file's rows, and the server may have been started again "
               "since";
    case rows_seen::none:
    case rows_seen::changed:
        return "none of the rows that were looked for is in the table as the file has it";
    default:
        return "the table cannot be asked for the file's rows";
    }
}

async::error contradicted(const unsettled_file& file, fate asked, rows_seen rows) {
    return async::error(
        failure::integrity,
        fmt::format("the server says of transaction {}, on which '{}' depends, that it was {}, but {}",
                    file.mark.author.transaction, file.name,
                    asked == fate::committed ? "committed" : "rolled back", contradiction(asked, rows)),
        "It may be a copy, or put back to an earlier state, and the number that of another transaction. " +
            std::string(verdict_hint));
}

constexpr std::string_view foreign_hint =
    "Its rows are, or were, in a table of that database, which may be a copy of this one or the other way "
    "round: run `event-archiver recover --exports` with its settings. If it is gone, `event-archiver recover"
    " --exports --keep FILE` gives the file its name; move it away then if this database has its rows.";

bool is_foreign(const unsettled_file& file, const db::server_position& now) {
    return db::compare_histories(file.mark.author.position, now) == db::history::foreign;
}

async::error not_known(const unsettled_file& file, const db::server_position& now) {
    const bool foreign = is_foreign(file, now);
    return async::error(
        failure::integrity,
        fmt::format("it cannot be known what became of transaction {}, on which '{}' depends{}",
                    file.mark.author.transaction, file.name,
                    foreign ? ": it is of another database"
                            : ": it is too long ago, or this server's history is another one"),
        std::string(foreign ? foreign_hint : verdict_hint));
}

} // namespace

awaitable<bool> export_settling::settle() {
    auto files = co_await context_.sink.unsettled();
    bool all = true;
    for (auto& file : files) {
        if (file.mark.task != opened_.task()) {
            opened_.report.left.insert(file.mark.task);
            continue;
        }
        if (!file.mistake.empty())
            throw unreadable(file);
        co_await must_be_left(file);
        const auto step = co_await decide(file);
        all = all && step != settle_step::wait;
        if (step != settle_step::wait)
            co_await settle_one(file, step == settle_step::keep ? verdict::keep : verdict::discard,
                                decided_by::transaction);
    }
    co_return all;
}

awaitable<void> export_settling::settle_by_verdict(unsettled_file file, verdict decision) {
    co_await must_be_left(file);
    if (file.mistake.empty()) {
        const auto asked = co_await fate_of(file);
        if (asked == fate::in_progress)
            throw async::error(failure::locked, fmt::format("transaction {} is still in progress",
                                                            file.mark.author.transaction));
    }
    if (file.mistake.empty() && decision == verdict::discard)
        co_await must_be_in_table(file);
    co_await settle_one(file, decision, decided_by::person);
}

// Throws if only a person can decide.
awaitable<settle_step> export_settling::decide(const unsettled_file& file) {
    const auto asked = co_await fate_of(file);
    const bool decided = asked == fate::committed || asked == fate::aborted;
    evidence_look look;
    if (decided)
        look = co_await look_for_rows(opened_.session, file.mark.evidence);
    auto rows = rows_seen_in(look);
    const bool same_server = db::same_server(file.mark.author.position, opened_.position);
    if (asked == fate::aborted && !same_server && look.same > 0 && look.changed + look.absent == 0) {
        const bool all = co_await has_all_rows(file);
        rows = all ? rows_seen::every : rows;
    }
    const auto step = decide_settling(asked, rows, same_server);
    if (step == settle_step::person && decided)
        throw contradicted(file, asked, rows);
    if (step == settle_step::person)
        throw not_known(file, opened_.position);
    co_return step;
}

awaitable<bool> export_settling::has_all_rows(const unsettled_file& file) {
    const auto there = co_await context_.sink.file_of(file);
    if (!there || there->bytes != file.mark.bytes)
        co_return false;
    const file_reader read = [this, &there](stored_bytes to) {
        return context_.sink.read(*there, 0, there->bytes, std::move(to));
    };
    co_return co_await has_each_row(opened_.session, file.mark.evidence, read, file.mark.rows);
}

awaitable<fate> export_settling::fate_of(const unsettled_file& file) {
    const auto& author = file.mark.author;
    return db::fate_of(opened_.session, author.transaction, author.position, opened_.position);
}

// This server's answer about its own transaction is right even while the transaction's run is at work.
// Another server, above all a copy of the first, may say "aborted" about one that is about to be committed.
awaitable<void> export_settling::must_be_left(const unsettled_file& file) {
    if (db::same_server(file.mark.author.position, opened_.position))
        co_return;
    const bool held = co_await context_.sink.in_use(file);
    if (held)
        throw in_use(file);
}

awaitable<void> export_settling::settle_one(unsettled_file file, verdict decision, decided_by whom) {
    if (auto* const lease = context_.sink.lease())
        co_await lease->ready_to_write();
    bool there = true;
    if (decision == verdict::keep)
        there = co_await context_.sink.keep(file);
    else
        co_await context_.sink.remove(file);
    if (!there && whom == decided_by::transaction)
        throw async::error(
            failure::integrity,
            fmt::format(
                "{} rows were deleted for '{}', and it is not there: somebody has moved or removed it",
                file.mark.rows, file.name),
            "Find it: it is the only copy of these rows. Then `event-archiver recover --exports --keep FILE` "
            "lets the task go on.");
    if (!there) {
        co_await context_.sink.forget(file);
        context_.log.warn(
            "export.file_missing",
            "rows were deleted for a file that is no longer there: somebody has moved or removed it",
            {{"task", opened_.task()}, {"file", file.name}, {"rows", file.mark.rows}});
    }
    ++opened_.report.files_settled;
    context_.log.info("export.settled", "recovered a file of an interrupted export",
                      {{"task", opened_.task()},
                       {"file", file.name},
                       {"transaction", file.mark.author.transaction},
                       {"decision", decision == verdict::keep ? "kept" : "removed"}});
}

// Discarding removes a copy. It is refused if there is evidence that the copy is the only one. A table of
// this database says nothing of the rows of another one, which has its files in a directory of its own, as a
// rule; a folder of the lake has one owner.
awaitable<void> export_settling::must_be_in_table(const unsettled_file& file) {
    const auto& author = file.mark.author;
    const bool foreign = is_foreign(file, opened_.position);
    if (foreign && context_.sink.lease() == nullptr)
        throw async::error(failure::integrity,
                           fmt::format("'{}' is not discarded: it is of another database", file.name),
                           std::string(foreign_hint));
    const auto asked = co_await fate_of(file);
    const bool same_server = db::same_server(author.position, opened_.position);
    const bool committed = asked == fate::committed && same_server;
    const bool aborted = asked == fate::aborted && same_server;
    const auto look = co_await look_for_rows(opened_.session, file.mark.evidence);
    const auto absent = rows_missing_in(look);
    // Keys are given to other rows again.
    const bool none_is_same = !aborted && look.same == 0 && look.changed > 0 && !look.cut_short;
    if (!committed && absent == 0 && !none_is_same)
        co_return;
    const auto why =
        committed ? fmt::format("the server says that transaction {}, which deleted its rows, was committed",
                                author.transaction)
        : absent > 0
            ? fmt::format("{} of the rows that were looked for are not in the table", absent)
            : std::string("none of the rows that were looked for is in the table as the file has it");
    throw async::error(
        failure::integrity, fmt::format("'{}' is not discarded: {}", file.name, why),
        "The file may be the only copy of its rows. `event-archiver recover --exports --keep FILE` lets the "
        "task"
        " go on; rows of the file that are in the table as well are then exported again."
        " Then the file can be moved away.");
}

} // namespace exports
