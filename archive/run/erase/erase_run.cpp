#include "archive/run/erase/erase_run.hpp"

#include "archive/run/erase/file_rewriter.hpp"
#include "archive/run/run_effects.hpp"
#include "archive/table/condition.hpp"
#include "archive/table/table_shape.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "db/committing.hpp"
#include "lake/commit/two_step_commit.hpp"

#include <fmt/format.h>

#include <utility>

namespace archive {

using async::failure;
using async::fault_point;
using lake::attempt_result;

namespace {

// Rows that match may be inserted meanwhile; the next round erases them.
constexpr int rounds_max = 5;

} // namespace

erase_run::erase_run(const run_context& context, erase_request request)
    : context_(context)
    , request_(std::move(request))
    , tools_(context)
    , opener_(context)
    , loop_(context, tools_, opener_, absent_container::is_refused)
    , files_(context, tools_, request_, result_) {}

awaitable<erasure> erase_run::run() {
    co_await loop_.repeat([this](run_transaction& opened) { return attempt(opened); });
    co_return std::move(result_);
}

// The coordinator's transaction has the locks and writes nothing; a session beside it judges and deletes,
// with the names that the condition means.
awaitable<attempt_result> erase_run::attempt(run_transaction& opened) {
    db::must_be_identified(opened.position);
    const auto shape = co_await read_shape(opened.session, opened.table.named.oid);
    must_have_shape(shape);
    must_be_deletable(shape, true);
    if (!shape.unfinished.empty())
        throw async::error(failure::precondition,
                           sentence_of(shape.unfinished.front()) + ": rows of it that match would stay",
                           statement_to_finish(shape.unfinished.front()));
    auto result = attempt_result::finished;
    const auto beside = [this, &opened, &result](db::connection& session) -> awaitable<void> {
        result = co_await attempt_beside(opened, session);
    };
    co_await db::with_session(context_.access(), beside);
    co_return result;
}

awaitable<attempt_result> erase_run::attempt_beside(run_transaction& opened, db::connection& session) {
    if (result_.condition_sha256.empty()) {
        co_await must_be_repeatable(session, opened.table, request_.where);
        result_.condition_sha256 = co_await hash_of_condition(session, request_.where);
    }
    row_filter filter(session, request_.where, condition_words::hidden);
    file_judge judge(context_, filter, opened.table.named);
    const auto found = co_await files_.find(opened, judge);
    co_await files_.must_be_erasable(found);
    fault_point("erase-counted");
    if (!context_.settings.dry_run && co_await files_.convert(opened, found))
        co_return attempt_result::settled;

    db::transaction_options options = coordinator_options(context_.settings);
    options.runs = db::statements::users;
    auto deleting = co_await db::transaction::begin(session, options);
    const auto rows = co_await delete_matching(context_, session, opened, request_);
    result_.hidden = result_.hidden || rows.hidden;
    if (context_.settings.dry_run) {
        co_await deleting.rollback();
        note_counted(found, rows);
        co_return attempt_result::finished;
    }
    if (rows.rows == 0 && found.empty()) {
        co_await deleting.rollback();
        co_await files_.record_unrecorded();
        result_.done = result_.verified = true;
        co_return attempt_result::finished;
    }
    if (++rounds_ > rounds_max)
        throw async::error(
            failure::temporary,
            fmt::format("rows that match keep coming: {} of files and {} of the table are there"
                        " after {} rounds",
                        found.size(), rows.rows, rounds_max),
            "What was there before is erased. End what inserts them, then erase again.");
    co_await tools_.lease.ready_to_write();
    co_await files_.record_found_again();
    co_await commit(session, deleting, rows);
    co_await rewrite(opened, judge, found, rows.author);
    co_return attempt_result::part_done;
}

awaitable<void> erase_run::commit(db::connection& session, db::transaction& deleting,
                                  const deleted_rows& rows) {
    context_.report.enter(run_phase::committing);
    lake::commit_steps steps;
    steps.announce = [this, &rows]() -> awaitable<db::transaction_mark> {
        co_await db::make_number_durable(context_.access(), rows.author.position);
        fault_point("erase-before-commit");
        co_return rows.author;
    };
    steps.finalise = [this, &rows]() -> awaitable<void> {
        fault_point("erase-committed");
        note_deleted(rows);
        co_return;
    };
    steps.in_doubt_hint = "The files are as they were. Run the same command again.";
    lake::commit_context context{context_.access(), session, deleting, &tools_.lease, context_.stop};
    co_await lake::commit_in_two_steps(context, std::move(steps));
}

void erase_run::note_deleted(const deleted_rows& rows) {
    result_.rows_of_table += rows.rows;
    context_.report.rows_deleted += rows.rows;
    for (const auto& each : rows.went_along)
        record_side_effect(context_, each, "DELETE");
    if (rows.rows > 0)
        context_.log.info("table.erased", "deleted the rows of the table that match", {{"rows", rows.rows}});
}

awaitable<void> erase_run::rewrite(const run_transaction& opened, file_judge& judge,
                                   const std::vector<found_file>& found, const db::transaction_mark& author) {
    context_.report.enter(run_phase::rewriting);
    context_.report.files_planned = found.size();
    file_rewriter rewriter(context_, opened.table, judge);
    for (const auto& each : found) {
        if (context_.stop.requested())
            async::throw_cancelled();
        const auto& name = each.file->properties.name;
        const auto done = co_await rewriter.rewrite(*each.file, author);
        const auto& now = done.mark.now;
        const erased_file erased{name,
                                 each.file->key().which,
                                 done.read.matching,
                                 done.read.content,
                                 {now.rows, now.bytes, now.crc}};
        note_erased(result_, erased);
        ++context_.report.files_done;
        ++context_.report.days;
        context_.report.rows += erased.rows;
        context_.report.bytes += now.bytes;
        context_.log.info("day.erased", "wrote a day's file again without the rows that match",
                          {{"day", erased.which.text()},
                           {"rows", erased.rows},
                           {"rows_left", now.rows},
                           {"bytes", now.bytes},
                           {"blob", name}});
        std::vector<lake::ledger_entry> entries;
        entries.push_back(lake::entry_of(name, done.mark, done.etag, std::string(lake::ledger_word::erased)));
        co_await tools_.ledger.record(std::move(entries), context_.log);
    }
}

void erase_run::note_counted(const std::vector<found_file>& found, const deleted_rows& rows) {
    result_.rows_of_table = rows.rows;
    context_.report.rows_deleted = rows.rows;
    for (const auto& each : rows.went_along)
        record_side_effect(context_, each, "DELETE");
    for (const auto& each : found) {
        const erased_file counted{each.file->properties.name, each.file->key().which, each.seen.matching,
                                  each.seen.content, each.seen.content};
        note_erased(result_, counted);
        ++context_.report.days;
        context_.report.rows += counted.rows;
    }
}

} // namespace archive
