// The part of staging that looks into a day's file of the other kind (.csv beside .csv.gz), from before the
// setting was changed or from somebody else. Nothing is added to it, but the table may have its rows.
// And what is recorded of a file that was read.
//
// Tested by tests/fault/test_files_that_hold_rows.py.

#include "archive/stage/file_rows.hpp"
#include "archive/stage/known_content.hpp"
#include "archive/stage/staging.hpp"
#include "archive/table/file_header.hpp"
#include "lake/content_check.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <span>

namespace archive {

awaitable<void> staging::remember_rows_of(day_file& file, const lake::listed_file& other) {
    const auto& mark = other.mark.mark;
    if (!mark) {
        open_other(file, other);
        co_return co_await judge_other(*file.other, other);
    }
    const bool doubted = is_doubted(other);
    const bool has_grown = mark->now.bytes != other.properties.size; // others added rows
    if (mark->table != lake::table_in_mark(context_.table.schema, context_.table.relation) ||
        (!doubted && !mark->restored && !has_grown))
        co_return;
    open_other(file, other);
    file.other->adopted = !mark->restored && has_grown;
    const auto record = co_await remember_rows_in(*file.other, other);
    file.other->doubted = doubted;
    file.other->untouched = is_as_marked(other) ? mark->now : record;
    file.other->base = file.other->untouched;
}

// Rows are deleted because this file has them: it must still be there at COMMIT, with a mark that says so.
void staging::open_other(day_file& file, const lake::listed_file& other) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto treated = lake::choose_treatment(other.properties, other.mark, context_.lake.where(), now);
    if (treated.because)
        throw lake::refused(other.properties.name, "read for rows that came back, and marked",
                            *treated.because);
    file.other =
        std::make_unique<day_file>(other.key(), other.properties.name, context_.nonce, context_.pages);
    auto& there = *file.other;
    there.existing = other.properties;
    if (other.mark.mark)
        there.restored = other.mark.mark->restored;
    there.whole_day = file.whole_day;
}

// A file without a mark is checked like one that we append to, and its rows are remembered: it may be ours
// and have lost its mark.
awaitable<void> staging::judge_other(day_file& there, const lake::listed_file& source) {
    there.adopted = true;
    if (context_.judge_others) // a restore of the day takes the rows of both
        co_await context_.judge_others(source);
    const auto held = co_await records_.content_of(source);
    std::optional<known_content> known;
    if (held)
        known.emplace(*held, header_);
    const auto keep = [&](std::string_view row) {
        if (known)
            known->row(row);
        remember_row_of_others(there, row);
    };
    const auto expected = expected_of(context_.table, there.which());
    lake::content_check seen(there.name, there.compressed(), expected, keep, context_.lake.row_limit(source));
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        if (known)
            known->feed(bytes);
        seen.feed(bytes);
        co_return;
    };
    co_await context_.lake.read(there.name, source.properties.etag, 0, take);
    seen.finish();
    const auto record = record_of(seen, there.compressed());
    if (known && !known->is_there())
        must_be_compressed_again(there, record.rows, *held);
    there.untouched = record;
    there.base = record;
}

lake::file_record staging::record_of(const lake::content_check& seen, bool compressed) const {
    lake::file_record record;
    record.header = header_crc_;
    record.bytes = seen.bytes();
    record.crc = seen.crc();
    record.rows = seen.lines() > 0 ? seen.lines() - 1 : 0;
    if (compressed) {
        record.uncompressed = seen.csv_bytes();
        record.csv_crc = seen.csv_crc();
    }
    return record;
}

// What 0.1.0 recorded of a gzip file is the checksum of its compressed bytes, and others compress otherwise.
void staging::must_be_compressed_again(const day_file& file, std::uint64_t rows,
                                       const lake::file_record& known) const {
    const bool marked = context_.existing.at(file.key).mark.mark.has_value();
    if (!file.compressed() || marked || rows < known.rows || known.csv_crc != 0)
        throw changed_by_others(file.name);
    context_.log.warn(
        "day.compressed_again",
        "others compressed a file again: its rows were counted but could not be compared",
        {{"day", file.which().text()}, {"blob", file.name}, {"rows", rows}, {"rows_known", known.rows}});
}

} // namespace archive
