// The part of staging that recognises rows which a file holds already, although the table still has them: the
// database has lost commits. docs/protocol.md, "A server that lost commits".
// Tested by tests/fault/test_lost_history.py.

#include "archive/stage/file_rows.hpp"
#include "archive/stage/known_content.hpp"
#include "archive/stage/staging.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/row_key.hpp"
#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/file_scanner.hpp"
#include "csv/row_scanner.hpp"
#include "db/position.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <utility>

namespace archive {

using async::failure;

bool staging::is_doubted(const lake::listed_file& before) const {
    const auto& mark = before.mark.mark;
    return mark && (db::compare_histories(mark->now.position, context_.position) != db::history::same ||
                    context_.came_back.contains(before.key().which));
}

std::string_view staging::why_doubted(const lake::listed_file& before) const {
    if (db::compare_histories(before.mark.mark->now.position, context_.position) != db::history::same)
        return "the database was restored or failed over, or is another one, since this file was written: its"
               " rows are compared";
    return "a row that this file has is in the table: somebody put it back, or the database was restored or "
           "failed"
           " over: the file's rows are compared";
}

void staging::take_sample(day_file& file, std::string_view row) {
    lake::sampled_row sample;
    std::size_t names = 0;
    for (const auto& key : context_.table.keys) {
        sample.key_columns.push_back(key.name);
        names += key.name.size();
    }
    sample.key = key_.fields_of(row);
    std::size_t bytes = 0;
    for (const auto& field : sample.key)
        bytes += field.size();
    if (bytes > lake::sample_bytes_max || names > lake::sample_names_max)
        return;
    sample.row_crc = row_crc(row);
    file.sample = std::move(sample);
}

// The memory to remember the file's rows is taken from that of the blocks.
void staging::expect_held(day_file& file, std::uint64_t rows) {
    // A mark may be wrong: if the file has more rows, the memory grows as it is read.
    constexpr std::uint64_t rows_believed = std::uint64_t{1} << 24;
    rows = std::min(rows, rows_believed);
    file.held.reserve(file.held.size() + rows);
    account_for_held(file, rows);
}

void staging::account_for_held(day_file& file, std::uint64_t rows) {
    file.held_memory += rows * held_rows::bytes_per_row;
    memory_.take_for_rows(rows * held_rows::bytes_per_row);
}

void staging::forget_held(day_file& file) {
    file.held.clear();
    memory_.give_back_of_rows(std::exchange(file.held_memory, 0));
}

// They take half of the memory at most.
void staging::remember_row_of_others(day_file& file, std::string_view row) {
    constexpr std::uint64_t batch = 1024;
    if (file.held.size() % batch == 0)
        account_for_held(file, batch);
    if (!memory_.has_room_for_rows())
        throw async::error(
            failure::precondition,
            fmt::format("'{}', which others wrote, has more rows than can be compared with the table in the"
                        " memory there is",
                        file.name),
            "Raise ARCHIVE_MEMORY for this run: each row takes 17 bytes, in half of it. A row that is in the "
            "file and in the table would be archived twice if it were not compared.");
    remember(file, as_copy_writes(row));
}

void staging::remember(day_file& file, std::string_view row) {
    file.held.add(key_.hash_of(row), row_crc(row));
}

// Of a file with a mark.
awaitable<lake::file_record> staging::remember_rows_in(day_file& file, const lake::listed_file& source) {
    const auto& name = source.properties.name;
    const auto& mark = source.mark.mark.value();
    const bool some = !file.late.empty();
    expect_held(file, some ? file.late.size() : mark.now.rows);
    known_content known(mark.now, header_);
    lake::file_record record;
    record.header = header_crc_;
    bool header_next = true;
    bool same_columns = true;
    const auto take_line = [&](std::string_view row) {
        if (std::exchange(header_next, false)) {
            same_columns = as_copy_writes(csv::without_byte_order_mark(row)) == header_;
            return;
        }
        if (!same_columns)
            return;
        known.row(row);
        const auto copied = as_copy_writes(row);
        if (!some || std::ranges::binary_search(file.late, key_.hash_of(copied)))
            remember(file, copied);
        ++record.rows;
    };
    csv::file_scanner scanner(source.compressed(), take_line, csv::line_ends::lf_or_crlf,
                              context_.lake.row_limit(source));
    const auto damaged = [&name](const std::exception& why) {
        return async::error(failure::integrity,
                            fmt::format("'{}' cannot be read for rows that came back: {}", name, why.what()),
                            "`event-archiver verify` tells more.");
    };
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        known.feed(bytes);
        record.crc = azure::crc64(record.crc, bytes);
        record.bytes += bytes.size();
        try {
            scanner.feed(bytes);
        } catch (const std::invalid_argument& broken) {
            throw damaged(broken);
        }
        co_return;
    };
    co_await context_.lake.read(name, source.properties.etag, 0, take);
    try {
        scanner.finish();
    } catch (const std::invalid_argument& broken) {
        throw damaged(broken);
    }
    if (!same_columns && mark.now.header == header_crc_)
        throw changed_by_others(name);
    if (!same_columns)
        throw lake::refused(name, "compared with rows that came back",
                            {failure::precondition, "the table's columns have changed since it was written",
                             "Move the file away; its rows that are in the table are then archived again."});
    if (mark.now.rows > 0 && !known.is_there())
        throw changed_by_others(name);
    if (source.compressed())
        record.uncompressed = scanner.csv_bytes();
    co_return record;
}

awaitable<bool> staging::take_as_recognised(day_file& file, lake::content_digest rows, std::string first) {
    if (rows == file.whole) {
        file.rows_recognised = rows.rows;
        take_sample(file, first);
        if (context_.digest_rows)
            digest_.add(rows);
        co_return true;
    }
    (void)co_await remember_rows_in(file, context_.existing.at(file.key));
    co_return false;
}

bool staging::recognised(day_file& file, std::string_view row) {
    const auto hash = key_.hash_of(row);
    const auto crc = row_crc(row);
    auto* holder = &file;
    auto seen = file.held.take(hash, crc);
    if (seen != held_rows::found::same && file.other) {
        const auto there = file.other->held.take(hash, crc);
        // If one of the two files allows no second row of a key, that file decides.
        const bool strict = file.other->adopted || file.other->restored || file.other->doubted;
        if (there == held_rows::found::same || seen == held_rows::found::none ||
            (there == held_rows::found::other_content && strict)) {
            seen = there;
            holder = file.other.get();
        }
    }
    if (seen == held_rows::found::other_content && holder->restored)
        throw async::error(
            failure::integrity,
            fmt::format("row {} of {} was changed while it was back there: '{}' has it with other content",
                        fmt::join(key_.fields_of(row), ", "), context_.table.name, holder->name),
            "If the table's rows count, run `event-archiver recover --discard FILE`: the file is emptied, "
            "and the"
            " rows are archived again. If the file's rows count, delete that row from the table.");
    const auto types = holder->untouched.types;
    if (seen == held_rows::found::other_content && !holder->doubted && types != 0 &&
        (types != context_.table.types || context_.table.names_in_text))
        throw async::error(
            failure::integrity,
            fmt::format("row {} is in '{}' and, written otherwise, in {}, whose columns have had other types"
                        " since: it is not known whether it is the same row",
                        fmt::join(key_.fields_of(row), ", "), holder->name, context_.table.name),
            "If it is the same row, delete it from the table: the file has it. If it is another, give it"
            " another key, or run `event-archiver recover --keep FILE`: the file's rows are then compared as "
            "rows"
            " of today's types.");
    if (seen == held_rows::found::other_content && !holder->doubted && !holder->adopted) {
        if (!std::exchange(file.key_again_said, true))
            context_.log.warn("day.key_again",
                              "a row with the key of an archived one is archived beside it: a file that has a"
                              " key twice cannot be restored as a whole",
                              {{"day", file.which().text()}, {"blob", holder->name}});
        return false;
    }
    if (seen == held_rows::found::other_content)
        throw async::error(
            failure::integrity,
            fmt::format("row {} is in '{}' and, with other content, in {}",
                        fmt::join(key_.fields_of(row), ", "), holder->name, context_.table.name),
            holder->adopted ? "Others wrote the file, or to it, or it was copied without its metadata. If it "
                              "is the same row, it was changed, or is spelt otherwise in the file. Compare "
                              "both, then remove one."
                            : "Somebody put the row back and it was changed, or the database was restored "
                              "or failed over and has since used the key again. Compare both, then remove "
                              "one.");
    if (seen == held_rows::found::none)
        return false;
    if (++holder->rows_recognised == 1 && holder->rows == 0)
        take_sample(*holder, row);
    return true;
}

} // namespace archive
