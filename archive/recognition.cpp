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
    if (!other.mark.mark || other.mark.mark->now.bytes != other.properties.size ||
        (same_history(other.mark.mark->now.position, context_.position) &&
         !context_.came_back.contains(file.which())))
        co_return;
    bool header_next = true;
    const auto keep = [&](std::string_view row) {
        if (!std::exchange(header_next, false))
            remember(file, row);
    };
    csv::file_scanner scanner(other.compressed(), keep, csv::line_ends::lf, context_.lake.row_limit(other));
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        scanner.feed(bytes);
        co_return;
    };
    co_await context_.lake.read(other.properties.name, other.properties.etag, 0, take);
    scanner.finish();
}

bool staging::recognised(day_file& file, std::string_view row) {
    std::string storage;
    const auto found = file.held.find(std::string(key_of(row, context_.table.key_position, storage)));
    if (found == file.held.end())
        return false;
    if (found->second != azure::crc64(0, std::as_bytes(std::span(row))))
        throw async::error(
            failure::integrity,
            fmt::format("row {} is in '{}' and, with other content, in {}", found->first, file.name,
                        context_.table.name),
            "The database was restored or failed over and has since used the key again. Compare both,"
            " then remove one.");
    ++file.rows_recognised;
    return true;
}

} // namespace archive
