#include "archive/stage/file_adoption.hpp"

#include "archive/stage/file_rows.hpp"
#include "archive/stage/known_content.hpp"
#include "archive/stage/other_kind.hpp"
#include "archive/stage/remember_rows.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/folder_mistakes.hpp"
#include "async/error.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
    if (mark && mark->table != table.named.in_mark())
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

awaitable<void> file_adoption::run() {
    const auto& context = tools_.context;
    file_.existing = before_.properties;
    const lake::file_key other_kind{file_.which(),
                                    file_.compressed() ? lake::compression::none : lake::compression::gzip};
    if (const auto* const other = context.existing.find(other_kind); other != nullptr)
        co_await remember_rows_of_other(tools_, file_, *other);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto treated = lake::choose_treatment(before_.properties, before_.mark, context.lake.where(), now);
    if (treated.because)
        throw lake::refused(file_.name, "appended to", *treated.because);
    if (treated.treatment == lake::treatment::convert)
        throw async::error(failure::internal, fmt::format("'{}' is still an append blob", file_.name));

    const auto blocks = co_await context.lake.committed_blocks(file_.name);
    if (!blocks || blocks->etag != before_.properties.etag)
        throw lake::conflict(fmt::format("'{}' was changed by somebody else", file_.name));
    const auto chosen = lake::choose_treatment(facts_of(blocks->committed));
    if (chosen.because)
        throw lake::refused(file_.name, "appended to", *chosen.because);
    const bool restage = chosen.treatment == lake::treatment::restage;
    if (!blocks->committed.empty())
        file_.ids = azure::block_ids(context.nonce, azure::raw_length(blocks->committed.front().id));
    if (!restage)
        for (const auto& block : blocks->committed)
            file_.base_ids.push_back(block.id);
    queue_.set_target(file_);
    how_.restage = restage;
    how_.compact = restage && !blocks->committed.empty();
    how_.rewritten = was_rewritten(before_.mark, blocks->committed);
    co_await take_over();
}

lake::block_facts file_adoption::facts_of(std::vector<azure::block> committed) const {
    lake::block_facts facts{before_.properties.size, std::move(committed), 0, queue_.memory()};
    const auto& mark = before_.mark.mark;
    const auto planned =
        std::ranges::lower_bound(tools_.context.planned, before_.key().which, {}, &planned_day::which);
    if (planned == tools_.context.planned.end() || planned->which != before_.key().which)
        return facts;
    // The size of the file's rows is the best estimate for the next ones.
    const double row_bytes = mark && mark->now.rows > 0
                                 ? static_cast<double>(mark->now.bytes) / static_cast<double>(mark->now.rows)
                                 : tools_.context.row_bytes;
    facts.planned = static_cast<std::uint64_t>(row_bytes * static_cast<double>(planned->rows));
    return facts;
}

// After the choice of its treatment: takes what is known of the file, and decides whether it has to be read.
awaitable<void> file_adoption::take_over() {
    const auto& context = tools_.context;
    const auto& mark = before_.mark.mark;
    const bool as_marked = mark && mark->now.bytes == before_.properties.size;
    const bool ours = as_marked && (!how_.restage || how_.compact);
    must_be_of_table(before_, context.table);
    if (ours)
        co_await take_mark();
    how_.remember_rows = file_.doubted = is_doubted(context, before_);
    if (as_marked)
        file_.untouched = mark->now;
    if (mark && mark->restored)
        co_await expect_restored_rows();
    tell(ours);
    if (how_.remember_rows)
        expect_rows(tools_, file_, mark->now.rows);
    // A pending file that others replaced has lost its mark, and may hold rows that the table still has. So
    // may rows that others have put behind those that the mark vouches for. A restored file is compared
    // anyway.
    file_.adopted = !mark || (!mark->restored && mark->now.bytes != before_.properties.size);
    how_.remember_rows = how_.remember_rows || file_.adopted;
    if (!is_as_marked(before_) && context.judge_others)
        co_await context.judge_others(before_);
    if (!ours || how_.restage || how_.remember_rows || file_.whole || how_.rewritten)
        co_await read_whole();
}

// The mark vouches for all of the file.
awaitable<void> file_adoption::take_mark() {
    const auto& mark = *before_.mark.mark;
    const bool may_be_compared = mark.restored || is_doubted(tools_.context, before_);
    must_have_columns(before_, tools_.header_crc);
    co_await tools_.records.learn_types(mark.now);
    auto& types = tools_.records.types();
    if (!may_be_compared)
        must_have_types(before_, types);
    file_.base = mark.now;
    file_.base->blocks = file_.base_ids.size(); // a restore that was rolled back marks others' files too
    // Labels that were added since leave its rows as they are. Its next mark is of this database, which may
    // not know in which order labels came: so that mark gets the types of today.
    if (mark.now.types != 0 && types.means_the_same(mark.now))
        file_.base->types = tools_.context.table.types;
}

// Where the day is read by itself, it is compared as a whole first.
awaitable<void> file_adoption::expect_restored_rows() {
    file_.restored = before_.mark.mark->restored;
    how_.remember_rows = false;
    if (tools_.context.by_day)
        file_.whole.emplace();
    else
        (void)co_await remember_rows_in(tools_, file_, before_);
    tools_.context.log.info("day.due_again",
                            "a restored day is due again: rows that its file has are recognised",
                            {{"day", file_.which().text()}, {"blob", file_.name}});
}

void file_adoption::tell(bool vouched_for) const {
    auto& log = tools_.context.log;
    if (how_.remember_rows)
        log.warn("day.history_changed", why_doubted(tools_.context, before_),
                 {{"day", file_.which().text()}, {"blob", file_.name}});
    else if (!vouched_for)
        log.info("day.adopted", "a file that others wrote is read once and appended to",
                 {{"day", file_.which().text()}, {"blob", file_.name}, {"bytes", before_.properties.size}});
    if (how_.compact)
        log.info("day.compacted", "a file is near the limit of blocks: it is compacted into larger ones",
                 {{"day", file_.which().text()}, {"blob", file_.name}});
}

// Reads the existing file once: checks its header and its rows, counts and sums them, stages its bytes again
// if it has no blocks to keep, and remembers its rows if they might still be in the table.
awaitable<void> file_adoption::read_whole() {
    const auto expected = expected_of(tools_.context.table, file_.which());
    std::optional<lake::file_record> held;
    if (!file_.base)
        held = co_await tools_.records.content_of(before_);
    std::optional<known_content> known;
    if (held)
        known.emplace(*held, tools_.header);
    const auto keep = [&](std::string_view row) {
        if (known)
            known->row(row);
        if (how_.remember_rows && file_.adopted)
            remember_row_of_others(tools_, file_, row);
        else if (how_.remember_rows)
            remember_row(tools_, file_, as_copy_writes(row));
        if (file_.whole)
            file_.whole->add(as_copy_writes(row));
    };
    lake::content_check seen(file_.name, file_.compressed(), expected, keep,
                             tools_.context.lake.row_limit(before_));
    if (file_.base) // ours: its checksum proves its rows, even if the table's columns have changed
        seen.trust_rows();
    const bool by_line = how_.restage && !file_.compressed();
    if (by_line)
        seen.gather_lines();
    const auto restage = [&](std::string_view bytes) { return queue_.store_when_possible(file_, bytes); };
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        if (known)
            known->feed(bytes);
        for (seen.give(bytes); seen.step();)
            if (const auto lines = seen.take_lines(); !lines.empty())
                co_await restage(lines);
        if (how_.restage && !by_line)
            co_await restage(lake::text_of(bytes));
    };
    file_.open.is_as_stored = how_.restage;
    co_await tools_.context.lake.read(file_.name, file_.existing->etag, 0, take);
    seen.finish();
    if (const auto rest = seen.take_lines(); !rest.empty())
        co_await restage(rest);
    auto record = record_of(seen, tools_.header_crc, file_.compressed());
    if (known && !known->is_there())
        must_be_compressed_again(tools_.context.log, before_, record.rows, *held);
    if (seen.crlf_lines() > 0 && !how_.restage) {
        // The CRLFs were found too late to change them while reading: read again.
        how_.restage = true;
        how_.remember_rows = false; // done already
        if (file_.whole)
            file_.whole.emplace();
        file_.base_ids.clear();
        co_return co_await read_whole();
    }
    take_content(seen, std::move(record));
    if (seen.lines() == 0)
        co_await queue_.store_when_possible(file_, tools_.header);
    else if (!seen.ends_with_newline())
        co_await queue_.store_when_possible(file_, "\n");
}

// What was read is what the rows are appended to. Throws if it is not what the file's mark says.
void file_adoption::take_content(const lake::content_check& seen, lake::file_record record) {
    if (seen.crlf_lines() > 0)
        tools_.context.log.info(
            "day.line_ends",
            "lines of a file end in CRLF: all will end in LF, as COPY wants one kind in a file",
            {{"day", file_.which().text()}, {"blob", file_.name}, {"lines", seen.crlf_lines()}});

    if (file_.untouched.bytes == 0)
        file_.untouched = record;
    if (how_.restage)
        take_restaged(record, seen.crlf_lines() > 0);
    if (!file_.base)
        file_.base = record;
    else if (file_.base->bytes != record.bytes || file_.base->crc != record.crc)
        throw async::error(
            failure::integrity,
            fmt::format("'{}' holds {} bytes with CRC-64 {:016x}, its mark says {} with {:016x}", file_.name,
                        record.bytes, record.crc, file_.base->bytes, file_.base->crc),
            "Somebody else, or the storage, has changed it: docs/runbook.md, \"A file was changed\"."
            " `event-archiver verify` tells where; `recover --keep FILE` takes it as it is.");
    file_.base->blocks = file_.base_ids.size();
}

// The blocks staged so far are the file as it was; `record` is corrected if it differs.
void file_adoption::take_restaged(lake::file_record& record, bool changed) {
    queue_.seal(file_);
    file_.open.is_as_stored = false;
    if (!changed && (file_.bytes != record.bytes || file_.crc != record.crc))
        throw async::error(failure::internal,
                           fmt::format("'{}' was not staged again as it was read", file_.name));
    record.bytes = std::exchange(file_.bytes, 0);
    record.crc = std::exchange(file_.crc, 0);
    file_.base_ids = std::exchange(file_.staged_ids, {});
}

} // namespace archive
