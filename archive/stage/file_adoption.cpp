// The part of staging that makes an existing file ready to be appended to.
// Tested by tests/integration/test_foreign_files.py.

#include "archive/stage/file_rows.hpp"
#include "archive/stage/known_content.hpp"
#include "archive/stage/staging.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/folder_mistakes.hpp"
#include "async/error.hpp"
#include "lake/conflict.hpp"
#include "lake/content_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace archive {

using async::failure;

namespace {

bool was_rewritten(const lake::read_mark& read, const std::vector<azure::block>& committed) {
    if (!read.mark || read.mark->now.ids == 0)
        return false;
    std::vector<std::string> ids;
    for (const auto& block : committed)
        ids.push_back(block.id);
    return lake::crc_of_ids(ids) != read.mark->now.ids;
}

void must_be_of_table(const lake::listed_file& file, const table_description& table) {
    const auto& mark = file.mark.mark;
    if (mark && mark->table != lake::table_in_mark(table.schema, table.relation))
        throw lake::refused(
            file.properties.name, "appended to",
            {failure::precondition, fmt::format("it holds rows of table {}", mark->table),
             "Give each table a folder of its own with ARCHIVE_PATH. A table that was renamed: only"
             " once `event-archiver list` shows no file as restored, for the table has its rows"
             " too."});
}

// Of a file that is as its mark says.
void must_have_columns(const lake::listed_file& file, std::uint64_t header_crc) {
    if (const auto mistake = columns_mistake(file, header_crc))
        throw lake::refused(file.properties.name,
                            file.mark.mark->restored ? "compared with the rows that it was restored to"
                                                     : "appended to",
                            *mistake);
}

void must_have_types(const lake::listed_file& file, types_judge& types) {
    if (const auto mistake = types.mistake(*file.mark.mark))
        throw lake::refused(file.properties.name, "appended to", *mistake);
}

} // namespace

awaitable<void> staging::prepare(day_file& file) {
    queue_.set_target(file);
    const auto* const found = context_.existing.find(file.key);
    if (found == nullptr) {
        co_await queue_.store_when_possible(file, header_);
        co_return;
    }

    const auto& before = *found;
    file.existing = before.properties;
    const lake::file_key other_kind{file.which(),
                                    file.compressed() ? lake::compression::none : lake::compression::gzip};
    if (const auto* const other = context_.existing.find(other_kind); other != nullptr)
        co_await remember_rows_of(file, *other);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto treated = lake::choose_treatment(before.properties, before.mark, context_.lake.where(), now);
    if (treated.because)
        throw lake::refused(file.name, "appended to", *treated.because);
    if (treated.treatment == lake::treatment::convert)
        throw async::error(failure::internal, fmt::format("'{}' is still an append blob", file.name));

    const auto blocks = co_await context_.lake.committed_blocks(file.name);
    if (!blocks || blocks->etag != before.properties.etag)
        throw lake::conflict(fmt::format("'{}' was changed by somebody else", file.name));
    const auto chosen = lake::choose_treatment(facts_of(before, blocks->committed));
    if (chosen.because)
        throw lake::refused(file.name, "appended to", *chosen.because);
    const bool restage = chosen.treatment == lake::treatment::restage;
    if (!blocks->committed.empty())
        file.ids = azure::block_ids(context_.nonce, azure::raw_length(blocks->committed.front().id));
    if (!restage)
        for (const auto& block : blocks->committed)
            file.base_ids.push_back(block.id);
    queue_.set_target(file);
    reading how{restage, restage && !blocks->committed.empty(), false};
    how.rewritten = was_rewritten(before.mark, blocks->committed);
    co_await take_over(file, before, how);
}

lake::block_facts staging::facts_of(const lake::listed_file& before,
                                    std::vector<azure::block> committed) const {
    lake::block_facts facts{before.properties.size, std::move(committed), 0, queue_.memory()};
    const auto& mark = before.mark.mark;
    const auto planned =
        std::ranges::lower_bound(context_.planned, before.key().which, {}, &planned_day::which);
    if (planned == context_.planned.end() || planned->which != before.key().which)
        return facts;
    // The size of the file's rows is the best estimate for the next ones.
    const double row_bytes = mark && mark->now.rows > 0
                                 ? static_cast<double>(mark->now.bytes) / static_cast<double>(mark->now.rows)
                                 : context_.row_bytes;
    facts.planned = static_cast<std::uint64_t>(row_bytes * static_cast<double>(planned->rows));
    return facts;
}

// After the choice of its treatment: takes what is known of the file, and decides whether it has to be read.
awaitable<void> staging::take_over(day_file& file, const lake::listed_file& before, reading how) {
    const auto& mark = before.mark.mark;
    const bool ours = mark && mark->now.bytes == before.properties.size && (!how.restage || how.compact);
    must_be_of_table(before, context_.table);
    const bool may_be_compared = mark && (mark->restored || is_doubted(before));
    if (ours)
        must_have_columns(before, header_crc_);
    if (ours)
        co_await records_.learn_types(mark->now);
    if (ours && !may_be_compared)
        must_have_types(before, records_.types());
    if (ours) {
        file.base = mark->now;
        file.base->blocks = file.base_ids.size(); // a restore that was rolled back marks others' files too
        // Labels that were added since leave its rows as they are. Its next mark is of this database, which
        // may not know in which order labels came: so that mark gets the types of today.
        if (mark->now.types != 0 && records_.types().means_the_same(mark->now))
            file.base->types = context_.table.types;
    }
    how.remember_rows = file.doubted = is_doubted(before);
    if (mark && mark->now.bytes == before.properties.size)
        file.untouched = mark->now;
    if (mark && mark->restored) {
        file.restored = mark->restored;
        how.remember_rows = false;
        // Where the day is read by itself, it is compared as a whole first.
        if (context_.by_day)
            file.whole.emplace();
        else
            (void)co_await remember_rows_in(file, before);
        context_.log.info("day.due_again",
                          "a restored day is due again: rows that its file has are recognised",
                          {{"day", file.which().text()}, {"blob", file.name}});
    }
    if (how.remember_rows)
        context_.log.warn("day.history_changed", why_doubted(before),
                          {{"day", file.which().text()}, {"blob", file.name}});
    else if (!ours)
        context_.log.info(
            "day.adopted", "a file that others wrote is read once and appended to",
            {{"day", file.which().text()}, {"blob", file.name}, {"bytes", before.properties.size}});
    if (how.compact)
        context_.log.info("day.compacted",
                          "a file is near the limit of blocks: it is compacted into larger ones",
                          {{"day", file.which().text()}, {"blob", file.name}});
    if (how.remember_rows)
        expect_held(file, mark->now.rows);
    // A pending file that others replaced has lost its mark, and may hold rows that the table still has. So
    // may rows that others have put behind those that the mark vouches for. A restored file is compared
    // anyway.
    file.adopted = !mark || (!mark->restored && mark->now.bytes != before.properties.size);
    how.remember_rows = how.remember_rows || file.adopted;
    if (!is_as_marked(before) && context_.judge_others)
        co_await context_.judge_others(before);
    if (!ours || how.restage || how.remember_rows || file.whole || how.rewritten)
        co_await read_whole(file, how);
    expect_late(file);
}

// Reads the existing file once: checks its header and its rows, counts and sums them, stages its bytes again
// if it has no blocks to keep, and remembers its rows if they might still be in the table.
awaitable<void> staging::read_whole(day_file& file, reading how) {
    const auto expected = expected_of(context_.table, file.which());
    std::optional<lake::file_record> held;
    if (!file.base)
        held = co_await records_.content_of(context_.existing.at(file.key));
    std::optional<known_content> known;
    if (held)
        known.emplace(*held, header_);
    const auto keep = [&](std::string_view row) {
        if (known)
            known->row(row);
        if (how.remember_rows && file.adopted)
            remember_row_of_others(file, row);
        else if (how.remember_rows)
            remember(file, as_copy_writes(row));
        if (file.whole)
            file.whole->add(as_copy_writes(row));
    };
    lake::content_check seen(file.name, file.compressed(), expected, keep,
                             context_.lake.row_limit(context_.existing.at(file.key)));
    if (file.base) // ours: its checksum proves its rows, even if the table's columns have changed
        seen.trust_rows();
    const bool by_line = how.restage && !file.compressed();
    if (by_line)
        seen.gather_lines();
    const auto restage = [&](std::string_view bytes) { return queue_.store_when_possible(file, bytes); };
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        if (known)
            known->feed(bytes);
        for (seen.give(bytes); seen.step();)
            if (const auto lines = seen.take_lines(); !lines.empty())
                co_await restage(lines);
        if (how.restage && !by_line)
            co_await restage(lake::text_of(bytes));
    };
    file.open.is_as_stored = how.restage;
    co_await context_.lake.read(file.name, file.existing->etag, 0, take);
    seen.finish();
    if (const auto rest = seen.take_lines(); !rest.empty())
        co_await restage(rest);
    auto record = record_of(seen, file.compressed());
    if (known && !known->is_there())
        must_be_compressed_again(file, record.rows, *held);
    if (seen.crlf_lines() > 0 && !how.restage) {
        // The CRLFs were found too late to change them while reading: read again.
        how.restage = true;
        how.remember_rows = false; // done already
        if (file.whole)
            file.whole.emplace();
        file.base_ids.clear();
        co_return co_await read_whole(file, how);
    }
    take_content(file, how, seen, std::move(record));
    if (seen.lines() == 0)
        co_await queue_.store_when_possible(file, header_);
    else if (!seen.ends_with_newline())
        co_await queue_.store_when_possible(file, "\n");
}

// What was read is what the rows are appended to. Throws if it is not what the file's mark says.
void staging::take_content(day_file& file, reading how, const lake::content_check& seen,
                           lake::file_record record) {
    if (seen.crlf_lines() > 0)
        context_.log.info("day.line_ends",
                          "lines of a file end in CRLF: all will end in LF, as COPY wants one kind in a file",
                          {{"day", file.which().text()}, {"blob", file.name}, {"lines", seen.crlf_lines()}});

    if (file.untouched.bytes == 0)
        file.untouched = record;
    if (how.restage)
        take_restaged(file, record, seen.crlf_lines() > 0);
    if (!file.base)
        file.base = record;
    else if (file.base->bytes != record.bytes || file.base->crc != record.crc)
        throw async::error(
            failure::integrity,
            fmt::format("'{}' holds {} bytes with CRC-64 {:016x}, its mark says {} with {:016x}", file.name,
                        record.bytes, record.crc, file.base->bytes, file.base->crc),
            "Somebody else, or the storage, has changed it: docs/runbook.md, \"A file was changed\"."
            " `event-archiver verify` tells where; `recover --keep FILE` takes it as it is.");
    file.base->blocks = file.base_ids.size();
}

// The blocks staged so far are the file as it was; `record` is corrected if it differs.
void staging::take_restaged(day_file& file, lake::file_record& record, bool changed) {
    queue_.seal(file);
    file.open.is_as_stored = false;
    if (!changed && (file.bytes != record.bytes || file.crc != record.crc))
        throw async::error(failure::internal,
                           fmt::format("'{}' was not staged again as it was read", file.name));
    record.bytes = std::exchange(file.bytes, 0);
    record.crc = std::exchange(file.crc, 0);
    file.base_ids = std::exchange(file.staged_ids, {});
}

} // namespace archive
