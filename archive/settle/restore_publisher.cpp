#include "archive/settle/restore_publisher.hpp"

#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "azure/blob/block_id.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/gzip.hpp"
#include "lake/conflict.hpp"
#include "lake/mark/mark_change.hpp"
#include "lake/write/mark_write.hpp"

#include <fmt/format.h>

#include <array>

namespace archive {

using async::fault_point;

namespace {

bool restored_by(const lake::listed_file& file, std::string_view transaction) {
    const auto& mark = file.mark.mark;
    return mark && mark->restoring && mark->restoring->transaction == transaction;
}

// To replace the mark of this version of the file.
lake::mark_write write_to(const lake::listed_file& file, const lake::file_mark& mark) {
    lake::mark_write write;
    write.name = file.properties.name;
    write.values = lake::metadata_with(mark, file.properties.metadata);
    write.version = file.properties.etag;
    return write;
}

} // namespace

std::string empty_content(const table_description& table, bool compressed) {
    auto header = csv::header_line(table.columns);
    if (!compressed)
        return header;
    std::string content;
    const csv::gzip_compressor::byte_sink store = [&content](std::span<const std::byte> bytes) {
        content += lake::text_of(bytes);
    };
    csv::gzip_compressor compressor;
    csv::gzip_member member;
    compressor.begin_part(member, store);
    compressor.write(member, lake::bytes_of(header), store);
    compressor.end_part(store);
    csv::gzip_compressor::end_member(member, store);
    return content;
}

// A mark in place of the file's own. After an unclear answer a look decides: only that mark, on the same
// bytes, is what was written.
awaitable<void> restore_publisher::set_mark(const lake::listed_file& file, const lake::file_mark& mark,
                                            std::string_view doing) {
    auto write = write_to(file, mark);
    write.doing = fmt::format("{} '{}'", doing, file.properties.name);
    write.gone = lake::mark_write::where_gone::conflicts;
    write.point_before = "before-restore-mark";
    write.point_behind = "after-restore-mark";
    const auto is_written = [&](const lake::listed_file& now) {
        return now.mark.mark == mark && now.properties.size == file.properties.size;
    };
    write.look = [&] {
        return lake::look_for_write(files_, file.properties.name, file.properties.etag, is_written);
    };
    (void)co_await lake::write_mark(files_, retries_, std::move(write));
}

awaitable<void> restore_publisher::mark_restored(const lake::listed_file& file) {
    const auto mark = lake::moved_back(*file.mark.mark);
    co_await set_mark(file, mark, "marking as restored");
}

awaitable<void> restore_publisher::withdraw(const lake::listed_file& file, lake::file_mark mark) {
    co_await set_mark(file, mark, "keeping as it is");
}

awaitable<void> restore_publisher::archive_again(const lake::listed_file& file) {
    const auto mark = lake::archived_again(*file.mark.mark);
    co_await set_mark(file, mark, "marking as archived again");
}

awaitable<azure::etag> restore_publisher::announce(const lake::listed_file& file,
                                                   const lake::file_mark& mark) {
    auto write = write_to(file, mark);
    write.doing = fmt::format("marking '{}' as being restored", file.properties.name);
    write.point_before = "before-announce";
    write.point_behind = "after-announce";
    const auto is_written = [&](const lake::listed_file& now) {
        return restored_by(now, mark.restoring->transaction);
    };
    write.look = [&] {
        return lake::look_for_write(files_, file.properties.name, file.properties.etag, is_written);
    };
    co_return co_await lake::write_mark(files_, retries_, std::move(write));
}

// All ids of a blob have one length, those that are about to go included.
awaitable<std::string> restore_publisher::next_block_id(const lake::listed_file& file) {
    const auto blocks = co_await files_.committed_blocks(file.properties.name);
    if (!blocks || blocks->etag != file.properties.etag)
        throw lake::conflict(fmt::format("'{}' was changed by somebody else", file.properties.name));
    const auto length = blocks->committed.empty() ? azure::block_ids::raw_length_default
                                                  : azure::raw_length(blocks->committed.front().id);
    if (length < azure::block_ids::raw_length_min || length > azure::block_ids::raw_length_max)
        throw async::error(
            async::failure::precondition,
            fmt::format(
                "'{}' cannot be emptied: its block ids are {} bytes long, too short to add unique ones",
                file.properties.name, length),
            "Download it and upload it again under the same name, or restore with --into.");
    azure::block_ids ids(new_nonce_(), length);
    co_return ids.next();
}

awaitable<void> restore_publisher::must_be_emptiable(const lake::listed_file& file) {
    if (file.properties.type == azure::blob_type::block)
        (void)co_await next_block_id(file);
}

awaitable<void> restore_publisher::empty(const lake::listed_file& file, const table_description& table) {
    const auto& name = file.properties.name;
    const auto& mark = *file.mark.mark;
    const auto header = csv::header_line(table.columns);
    const auto content = empty_content(table, file.compressed());
    lake::file_record left;
    left.bytes = content.size();
    left.uncompressed = file.compressed() ? header.size() : 0;
    left.csv_crc = file.compressed() ? azure::crc64(0, lake::bytes_of(header)) : 0;
    left.blocks = 1;
    left.crc = azure::crc64(0, lake::bytes_of(content));
    left.header = azure::crc64(0, lake::bytes_of(header));
    const auto when = azure::condition::match(file.properties.etag);

    const auto content_before = co_await files_.content_of(file.properties);
    const auto id = co_await next_block_id(file);
    const std::array ids{id};
    left.ids = lake::crc_of_ids(ids);
    const auto values = lake::metadata_with(lake::emptied(mark, left), file.properties.metadata);
    const std::array pieces{lake::bytes_of(content)};
    lake::conditional_write write;
    write.doing = fmt::format("emptying '{}'", name);
    write.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-empty");
        // Staged again in each try: it costs nothing, and a commit of our own drops what it does not name.
        co_await files_.put_block(name, ids.front(), pieces, left.crc, content_before.encryption_scope);
        const auto done = co_await files_.put_block_list(name, ids, content_before, values, when);
        fault_point("after-empty");
        co_return done.etag;
    };
    const auto is_written = [&](const lake::listed_file& now) {
        return now.mark.mark && now.mark.mark->now == lake::emptied(mark, left).now;
    };
    write.look = [&] {
        return lake::look_for_write(files_, file.properties.name, file.properties.etag, is_written);
    };
    (void)co_await lake::write_until_known(retries_, std::move(write));
}

} // namespace archive
