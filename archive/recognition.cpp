// The part of staging that recognises rows which a file holds already, although the table still has them: the
// database has lost commits. docs/protocol.md, "A server that lost commits".

#include "archive/staging.hpp"
#include "async/error.hpp"
#include "azure/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"
#include "csv/row_scanner.hpp"

#include <fmt/format.h>

#include <span>
#include <utility>

namespace archive {

using async::failure;

namespace {

std::string_view key_of(std::string_view row, std::size_t position, std::string& storage) {
    if (position == 0)
        return csv::first_field(row, storage);
    storage = csv::split_row(row).at(position);
    return storage;
}

} // namespace

std::string as_copy_writes(std::string_view row) {
    row.remove_suffix(csv::ends_in_crlf(row) ? 2 : row.ends_with('\n') ? 1 : 0);
    auto text = row.find('"') == std::string_view::npos ? std::string(row) : csv::as_copy_quotes(row);
    return text += '\n';
}

bool same_history(const server_position& then, const server_position& now) noexcept {
    return then.cluster == now.cluster && then.database == now.database && then.timeline == now.timeline &&
           then.lsn <= now.lsn;
}

void staging::take_sample(day_file& file, std::string_view row) const {
    std::string storage;
    const auto key = key_of(row, context_.table.key_position, storage);
    if (key.size() <= sample_bytes_max)
        file.sample = sampled_row{{context_.table.columns[context_.table.key_position]},
                                  {std::string(key)},
                                  azure::crc64(0, std::as_bytes(std::span(row)))};
}

void staging::remember(day_file& file, std::string_view row) const {
    std::string storage;
    file.held.insert_or_assign(std::string(key_of(row, context_.table.key_position, storage)),
                               azure::crc64(0, std::as_bytes(std::span(row))));
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
    std::string storage;
    const auto found = file.held.find(std::string(key_of(row, context_.table.key_position, storage)));
    if (found == file.held.end())
        return false;
    if (found->second != azure::crc64(0, std::as_bytes(std::span(row))) && file.restored)
        throw async::error(
            failure::integrity,
            fmt::format("row {} of {} was changed while it was back there: '{}' has it with other content",
                        found->first, context_.table.name, file.name),
            "If the table's rows count, run `event-archiver recover --discard FILE`: the file is emptied, "
            "and the"
            " rows are archived anew. If the file's rows count, delete that row from the table.");
    if (found->second != azure::crc64(0, std::as_bytes(std::span(row))))
        throw async::error(
            failure::integrity,
            fmt::format("row {} is in '{}' and, with other content, in {}", found->first, file.name,
                        context_.table.name),
            "The database was restored or failed over and has since used the key again. Compare both,"
            " then remove one.");
    if (++file.rows_recognised == 1 && file.rows == 0)
        take_sample(file, row);
    return true;
}

} // namespace archive
