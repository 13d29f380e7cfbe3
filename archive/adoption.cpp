// The part of staging that makes an existing file ready to be appended to.

#include "archive/conflict.hpp"
#include "archive/staging.hpp"
#include "async/error.hpp"
#include "azure/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/file_scanner.hpp"

#include <fmt/format.h>

#include <span>
#include <stdexcept>
#include <utility>

namespace archive {

using async::failure;

namespace {

constexpr std::string_view gzip_magic = "\x1f\x8b";

async::error in_the_way(const std::string& name, std::string_view why, std::string_view hint) {
    return {failure::precondition, fmt::format("'{}' cannot be appended to: {}", name, why),
            std::string(hint)};
}

// False if the server that wrote the file may since have lost commits: restored, failed over, or another one.
bool same_history(const server_position& then, const server_position& now) noexcept {
    return then.cluster == now.cluster && then.database == now.database && then.timeline == now.timeline &&
           then.lsn <= now.lsn;
}

std::string_view key_of(std::string_view row, std::size_t position, std::string& storage) {
    if (position == 0)
        return csv::first_field(row, storage);
    storage = csv::split_row(row).at(position);
    return storage;
}

} // namespace

awaitable<void> staging::prepare(day_file& file) {
    file.block_target =
        block_size_target(0, context_.pages.capacity_pages() * async::page_size, context_.parallel);
    const auto found = existing_.find(file.key);
    if (found == existing_.end()) {
        co_await store_when_possible(file, header_);
        co_return;
    }

    const auto& before = found->second;
    file.existing = before.properties;
    const file_key other_kind{file.which(), file.compressed() ? compression::none : compression::gzip};
    if (const auto other = existing_.find(other_kind); other != existing_.end())
        co_await remember_rows_of(file, other->second);
    if (!before.mark.mistake.empty())
        throw in_the_way(file.name, before.mark.mistake,
                         "Move the file away, or use the version that wrote it.");
    if (before.properties.type != azure::blob_type::block)
        throw in_the_way(file.name, "it is not a block blob",
                         "Copy it to a block blob of the same name, or move it away.");

    const auto blocks = co_await context_.lake.client().committed_blocks(file.name);
    if (!blocks || blocks->etag != before.properties.etag)
        throw conflict(fmt::format("'{}' was changed by somebody else", file.name));
    std::uint64_t size = 0;
    for (const auto& block : blocks->committed) {
        file.base_ids.push_back(block.id);
        size += block.size;
    }
    const bool restage = size != before.properties.size; // one Put Blob: it has no blocks
    if (restage) {
        file.base_ids.clear();
    } else if (!file.base_ids.empty()) {
        const auto length = azure::raw_length(file.base_ids.front());
        if (length < azure::block_ids::raw_length_min || length > azure::block_ids::raw_length_max)
            throw in_the_way(
                file.name,
                fmt::format("its block ids are {} bytes long, too short to add unique ones", length),
                "Download it and upload it again under the same name.");
        file.ids = azure::block_ids(context_.nonce, length);
    }
    file.block_target = block_size_target(
        file.base_ids.size(), context_.pages.capacity_pages() * async::page_size, context_.parallel);

    const auto& mark = before.mark.mark;
    const bool ours = mark && mark->now.bytes == before.properties.size && !restage;
    if (mark && mark->table != table_in_mark(context_.table.name))
        throw in_the_way(file.name, fmt::format("it holds rows of table {}", mark->table),
                         "Give each table a folder of its own with ARCHIVE_PATH.");
    if (ours && mark->now.header != header_crc_)
        throw async::error(
            failure::precondition,
            fmt::format("'{}' cannot be appended to: the table's columns have changed since it was written",
                        file.name),
            "Move the file away; the new rows then begin a new one.");
    if (ours) {
        file.base = mark->now;
        file.base->blocks = file.base_ids.size(); // a restore that came to nothing marks others' files too
    }
    if (ours && same_history(mark->now.position, context_.position) &&
        !context_.came_back.contains(file.which()))
        co_return;
    if (ours)
        context_.sink.warn(
            "day.history_changed",
            "the database was restored or failed over since this file was written: its rows are compared",
            {{"day", file.which().text()}, {"blob", file.name}});
    else
        context_.sink.info(
            "day.adopted", "a file that others wrote is read once and appended to",
            {{"day", file.which().text()}, {"blob", file.name}, {"bytes", before.properties.size}});
    co_await read_whole(file, restage, ours);
}

// Reads the existing file once: checks its header and its rows, counts and sums them, stages its bytes again
// if it has no blocks to keep, and remembers its rows if they might still be in the table.
awaitable<void> staging::read_whole(day_file& file, bool restage, bool remember_rows) {
    file_record record;
    record.header = header_crc_;
    std::string mistake;
    std::uint64_t lines = 0;
    bool ends_with_newline = true;
    csv::file_scanner scanner(file.compressed(), [&](std::string_view row) {
        if (lines++ == 0)
            mistake = csv::header_mistake(row, header_);
        else if (remember_rows)
            remember(file, row);
        ends_with_newline = row.back() == '\n';
    });
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        if (record.crc == 0 && !file.compressed() && text_of(bytes).starts_with(gzip_magic))
            throw in_the_way(file.name, "it is compressed with gzip, but its name does not say so",
                             "Rename it to end in .csv.gz, or unpack it.");
        record.crc = azure::crc64(record.crc, bytes);
        try {
            scanner.feed(bytes);
        } catch (const std::invalid_argument& broken) {
            throw in_the_way(file.name, fmt::format("it is not well-formed CSV: {}", broken.what()),
                             "Move the file away, or mend it.");
        }
        if (!mistake.empty())
            throw in_the_way(file.name, mistake, "Move the file away; the new rows then begin a new one.");
        if (restage)
            co_await store_when_possible(file, text_of(bytes));
    };
    file.restaging = restage;
    co_await context_.lake.read(file.name, file.existing->etag, 0, take);
    try {
        scanner.finish();
    } catch (const std::invalid_argument& broken) {
        throw in_the_way(file.name, fmt::format("it is not well-formed CSV: {}", broken.what()),
                         "Move the file away, or mend it.");
    }
    if (!mistake.empty())
        throw in_the_way(file.name, mistake, "Move the file away; the new rows then begin a new one.");

    if (restage) {
        seal(file);
        file.restaging = false;
        file.base_ids = std::move(file.staged_ids);
        file.staged_ids.clear();
        file.bytes = 0;
        file.crc = 0;
    }
    record.bytes = file.existing->size;
    record.blocks = file.base_ids.size();
    record.rows = lines > 0 ? lines - 1 : 0;
    if (file.compressed())
        record.uncompressed = scanner.csv_bytes();
    if (!file.base)
        file.base = record;
    if (lines == 0)
        co_await store_when_possible(file, header_);
    else if (!ends_with_newline)
        co_await store_when_possible(file, "\n");
}

void staging::take_sample(day_file& file, std::string_view row) const {
    std::string storage;
    const auto key = key_of(row, context_.table.key_position, storage);
    if (key.size() <= sample_bytes_max)
        file.sample = key;
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
    csv::file_scanner scanner(other.compressed(), [&](std::string_view row) {
        if (!std::exchange(header_next, false))
            remember(file, row);
    });
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
