#include "archive/run/erase/erase_run.hpp"

#include "archive/run/erase/file_rewriter.hpp"
#include "archive/run/run_effects.hpp"
#include "archive/table/condition.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/table_shape.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "db/committing.hpp"
#include "db/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

using async::failure;
using async::fault_point;
using lake::attempt_result;

namespace {

// Rows that match may be inserted meanwhile; the next round erases them.
constexpr int rounds_max = 5;

async::error not_as_known(const std::string& name, const std::string& why) {
    return {failure::integrity, fmt::format("'{}': {}", name, why),
            "Which rows it should have is not certain, so nothing was erased. Look with `event-archiver"
            " verify`, or leave that day out."};
}

async::error of_others(const std::string& name, std::uint64_t rows) {
    return {failure::precondition,
            fmt::format("'{}' has {} rows that match, and others wrote it or have written to it", name, rows),
            "Nothing was erased. Remove them from it by the means that wrote it, or leave that day out;"
            " `event-archiver list` shows such files as foreign."};
}

} // namespace

erase_run::erase_run(const run_context& context, erase_request request)
    : context_(context)
    , request_(std::move(request))
    , tools_(context)
    , opener_(context)
    , loop_(context, tools_, opener_, absent_container::is_refused)
    , files_(context) {}

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
    const auto found = co_await count(opened, judge);
    co_await must_be_erasable(found);
    fault_point("erase-counted");

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
        co_await record_unrecorded();
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
    co_await tools_.ledger.record(std::exchange(found_again_, {}), context_.log);
    co_await commit(deleting, rows);
    co_await rewrite(opened, judge, found, rows.author);
    co_return attempt_result::part_done;
}

// A file that is missing or differs from the ledger ends the command: its rows may match.
awaitable<std::vector<lake::file_key>> erase_run::choose(const run_transaction& opened) {
    auto read = co_await tools_.ledger.read();
    known_ = std::move(read);
    unrecorded_.clear();
    found_again_.clear();
    const auto ours = opened.table.named.in_mark();
    for (const auto& [name, entry] : known_) {
        const auto key = lake::key_of_file(name);
        if (!key || !request_.days.contains(key->which))
            continue;
        const auto there = opened.files.unpacked(*key);
        const auto* const file = there ? &*there : nullptr;
        if (file == nullptr && entry.word == lake::ledger_word::moved &&
            std::ranges::find(result_.missing, name) == result_.missing.end())
            result_.missing.emplace_back(name);
        const auto verdict = known_.verdict_on(entry, file);
        if (verdict != lake::ledger_verdict::as_known)
            throw not_as_known(file != nullptr ? file->properties.name : entry.file,
                               known_.sentence_of(verdict, entry));
        if (file != nullptr && known_.loss_of(entry.file) != nullptr) {
            found_again_.push_back(entry);
            found_again_.back().word = lake::ledger_word::found;
        }
        if (file != nullptr && is_as_marked(*file) && file->mark.mark->now.run != entry.now.run)
            unrecorded_.push_back(lake::entry_of(file->properties.name, *file->mark.mark,
                                                 file->properties.etag,
                                                 std::string(lake::ledger_word::erased)));
    }
    std::vector<lake::file_key> chosen;
    for (const auto& key : opened.files.keys_in(request_.days)) {
        const auto file = opened.files.unpacked(key).value();
        const auto& mark = file.mark.mark;
        if (mark && mark->table != ours)
            throw async::error(failure::precondition,
                               fmt::format("'{}' holds rows of table {}", file.properties.name, mark->table),
                               "Name that table with ARCHIVE_TABLE, or leave that day out.");
        if (!is_as_marked(file) || mark->now.rows > 0)
            chosen.push_back(key);
    }
    co_return chosen;
}

// What the ledger knows of a file without a mark, which others may have written again.
std::optional<lake::ledger_entry> erase_run::known_of(const lake::listed_file& file) const {
    auto entry = file.mark.mark ? std::nullopt : known_.find(lake::name_alone(file.properties.name));
    return entry && entry->now.rows > 0 ? std::move(entry) : std::nullopt;
}

awaitable<std::vector<erase_run::found_file>> erase_run::count(const run_transaction& opened,
                                                               file_judge& judge) {
    context_.report.enter(run_phase::verifying);
    context_.report.read_again();
    const auto chosen = co_await choose(opened);
    judge.know(known_.types());
    context_.report.files_planned = chosen.size();
    result_.files_read = std::max<std::uint64_t>(result_.files_read, chosen.size());
    std::vector<found_file> found;
    for (const auto& key : chosen) {
        const auto file = opened.files.unpacked(key).value();
        const auto clean = clean_.find(key);
        if (clean != clean_.end() && clean->second == file.properties.etag) {
            ++context_.report.files_done;
            continue;
        }
        judged_sink nothing;
        const auto known = known_of(file);
        auto seen = co_await judge.read(file, std::move(nothing), known ? &known->now : nullptr);
        if (!seen.begins_as_recorded)
            throw not_as_known(file.properties.name,
                               known_.sentence_of(lake::ledger_verdict::altered, *known));
        if (seen.matching == 0)
            clean_[key] = file.properties.etag;
        else
            found.push_back({opened.files.find(key), std::move(seen)});
        ++context_.report.files_done;
    }
    context_.report.read_again();
    co_return found;
}

awaitable<void> erase_run::must_be_erasable(const std::vector<found_file>& found) {
    std::vector<const lake::listed_file*> written;
    for (const auto& each : found) {
        if (!is_as_marked(*each.file))
            throw of_others(each.file->properties.name, each.seen.matching);
        written.push_back(each.file);
    }
    if (written.empty())
        co_return;
    co_await files_.container_must_be_changeable();
    co_await files_.must_be_writable(written, "written again without those rows");
    for (const auto* file : written)
        co_await tools_.restores.must_be_emptiable(*file);
}

awaitable<void> erase_run::commit(db::transaction& deleting, const deleted_rows& rows) {
    context_.report.enter(run_phase::committing);
    co_await db::make_number_durable(context_.access(), rows.author.position);
    fault_point("erase-before-commit");
    const auto decision =
        co_await async::shielded(db::commit_or_ask(context_.access(), deleting, rows.author));
    if (decision == db::commit_decision::put_back) {
        if (const auto& refusal = deleting.refusal())
            throw db::error(*refusal);
        throw async::error(failure::temporary, "the server rolled the DELETE back at COMMIT",
                           "Nothing was erased.");
    }
    if (decision != db::commit_decision::finalise)
        throw async::error(failure::temporary,
                           "the answer to COMMIT was lost, and the server cannot say whether the rows of the"
                           " table are deleted",
                           "The files are as they were. Run the same command again.");
    fault_point("erase-committed");
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

// Writes the ledger's lines that an earlier erase did not write: it died after it wrote the file.
awaitable<void> erase_run::record_unrecorded() {
    if (!unrecorded_.empty())
        co_await tools_.lease.ready_to_write();
    co_await tools_.ledger.record(std::exchange(unrecorded_, {}), context_.log);
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
