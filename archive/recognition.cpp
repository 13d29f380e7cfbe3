// The part of staging that recognises rows which a file holds already, although the table still has them: the
// database has lost commits. docs/protocol.md, "A server that lost commits".

#include "archive/row_key.hpp"
#include "archive/staging.hpp"
#include "async/error.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"
#include "csv/row_scanner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

namespace archive {

using async::failure;

std::string as_copy_writes(std::string_view row) {
    row.remove_suffix(csv::ends_in_crlf(row) ? 2 : row.ends_with('\n') ? 1 : 0);
    auto text = row.find('"') == std::string_view::npos ? std::string(row) : csv::as_copy_quotes(row);
    return text += '\n';
}

bool same_history(const server_position& then, const server_position& now) noexcept {
    return then.cluster == now.cluster && then.database == now.database && then.timeline == now.timeline &&
           then.lsn <= now.lsn;
}

bool is_ahead(const server_position& then, const server_position& now) noexcept {
    return then.timeline > now.timeline || (then.timeline == now.timeline && then.lsn > now.lsn);
}

void staging::take_sample(day_file& file, std::string_view row) {
    sampled_row sample;
    std::size_t names = 0;
    for (const auto& key : context_.table.keys) {
        sample.key_columns.push_back(key.name);
        names += key.name.size();
    }
    sample.key = key_.fields_of(row);
    std::size_t bytes = 0;
    for (const auto& field : sample.key)
        bytes += field.size();
    if (bytes > sample_bytes_max || names > sample_names_max)
        return;
    sample.row_crc = row_crc(row);
    file.sample = std::move(sample);
}

// Memory for as many rows as the file has is given up by the blocks.
void staging::expect_held(day_file& file, std::uint64_t rows) {
    // A mark may say anything; a file that really has more makes the memory grow as it is read.
    constexpr std::uint64_t rows_believed = std::uint64_t{1} << 24;
    rows = std::min(rows, rows_believed);
    file.held.reserve(file.held.size() + rows);
    account_for_held(file, rows);
}

void staging::account_for_held(day_file& file, std::uint64_t rows) {
    file.held_memory += rows * held_rows::bytes_per_row;
    context_.pages.set_aside(rows * held_rows::bytes_per_row);
    set_aside_ += rows * held_rows::bytes_per_row;
}

void staging::forget_held(day_file& file) {
    file.held.clear();
    context_.pages.take_back(file.held_memory);
    set_aside_ -= std::exchange(file.held_memory, 0);
}

// However many rows such a file has, they take a quarter of the memory at most.
void staging::remember_row_of_others(day_file& file, std::string_view row) {
    constexpr std::uint64_t batch = 1024;
    if (file.beyond_memory)
        return;
    if (file.held.size() % batch == 0)
        account_for_held(file, batch);
    if (set_aside_ > (context_.pages.capacity_pages() * async::page_size + set_aside_) / 4) {
        file.beyond_memory = true;
        forget_held(file);
        context_.sink.warn("day.not_compared",
                           "a file that others wrote has more rows than can be compared with the table",
                           {{"day", file.which().text()}, {"blob", file.name}});
        return;
    }
    remember(file, as_copy_writes(row));
}

void staging::remember(day_file& file, std::string_view row) {
    file.held.add(key_.hash_of(row), row_crc(row));
}

// A day may have a file of the other kind, from before the setting was changed or from somebody else. Nothing
// is added to it, but rows that come back may be in it.
awaitable<void> staging::remember_rows_of(day_file& file, const lake_file& other) {
    const auto& mark = other.mark.mark;
    if (!mark || mark->now.bytes != other.properties.size ||
        (same_history(mark->now.position, context_.position) && !context_.came_back.contains(file.which()) &&
         !mark->restored))
        co_return;
    co_await remember_rows_in(file, other);
}

awaitable<void> staging::remember_rows_in(day_file& file, const lake_file& source) {
    if (source.mark.mark)
        expect_held(file, source.mark.mark->now.rows);
    bool header_next = true;
    const auto take_line = [&](std::string_view row) {
        if (!std::exchange(header_next, false))
            remember(file, as_copy_writes(row));
    };
    csv::file_scanner scanner(source.compressed(), take_line, csv::line_ends::lf_or_crlf,
                              context_.lake.row_limit(source));
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        scanner.feed(bytes);
        co_return;
    };
    co_await context_.lake.read(source.properties.name, source.properties.etag, 0, take);
    scanner.finish();
}

awaitable<bool> staging::take_as_recognised(day_file& file, content_digest rows, std::string first) {
    if (rows == file.whole) {
        file.rows_recognised = rows.rows;
        take_sample(file, first);
        co_return true;
    }
    co_await remember_rows_in(file, existing_.at(file.key));
    co_return false;
}

bool staging::recognised(day_file& file, std::string_view row) {
    const auto seen = file.held.take(key_.hash_of(row), row_crc(row));
    if (seen == held_rows::found::other_content && file.restored)
        throw async::error(
            failure::integrity,
            fmt::format("row {} of {} was changed while it was back there: '{}' has it with other content",
                        fmt::join(key_.fields_of(row), ", "), context_.table.name, file.name),
            "If the table's rows count, run `event-archiver recover --discard FILE`: the file is emptied, "
            "and the"
            " rows are archived anew. If the file's rows count, delete that row from the table.");
    if (seen == held_rows::found::other_content && file.adopted)
        return false; // another row, of somebody who gives the same keys
    if (seen == held_rows::found::other_content)
        throw async::error(
            failure::integrity,
            fmt::format("row {} is in '{}' and, with other content, in {}",
                        fmt::join(key_.fields_of(row), ", "), file.name, context_.table.name),
            "The database was restored or failed over and has since used the key again. Compare both,"
            " then remove one.");
    if (seen == held_rows::found::none)
        return false;
    if (++file.rows_recognised == 1 && file.rows == 0)
        take_sample(file, row);
    return true;
}

} // namespace archive
