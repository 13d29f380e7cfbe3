#include "lake/write/pending_file.hpp"

#include "async/fault_point.hpp"
#include "azure/blob/block_id.hpp"
#include "azure/blob/crc64.hpp"
#include "azure/blob/error.hpp"
#include "lake/conflict.hpp"
#include "lake/folder/tail_state.hpp"
#include "lake/mark/mark_change.hpp"
#include "lake/write/block_stream.hpp"
#include "lake/write/mark_write.hpp"

#include <fmt/format.h>

namespace lake {

using async::fault_point;

namespace {

// If the container is gone, so are its files.
awaitable<std::optional<listed_file>> look_anyhow(lake::file_store& files, std::string name) {
    try {
        co_return co_await files.look(name);
    } catch (const azure::storage_error& failed) {
        if (failed.status() != 404)
            throw;
    }
    co_return std::nullopt;
}

} // namespace

bool pending_on(const listed_file& file, std::string_view transaction) {
    return file.mark.mark && file.mark.mark->pending && file.mark.mark->now.transaction == transaction;
}

// After COMMIT: done if the mark is off *and* the rows are there. Throws rows_gone if they are not.
awaitable<pending_files::observed> pending_files::see_committed(std::string name, azure::etag expected,
                                                                file_mark published) {
    const auto now = co_await look_anyhow(files_, name);
    const auto etag = now ? now->properties.etag : azure::etag();
    switch (tail_state_of(now, published)) {
    case tail_state::pending:
        co_return observed{etag == expected ? blob_state::as_before : blob_state::otherwise, etag};
    case tail_state::final:
    case tail_state::built_on:
        co_return observed{blob_state::as_written, etag};
    case tail_state::absent:
        throw rows_gone(name, published, gone_how::deleted);
    case tail_state::as_before:
    case tail_state::other:
        break;
    }
    // Another run has settled the file meanwhile, and may have written to it since.
    if (now->mark.mark && co_await begins_with(*now, published.now))
        co_return observed{blob_state::as_written, etag};
    throw rows_gone(name, published, gone_how::replaced);
}

awaitable<bool> pending_files::begins_with(const listed_file& file, const file_record& content) {
    if (file.properties.size < content.bytes)
        co_return false;
    if (content.bytes == 0) // which is no range
        co_return true;
    std::uint64_t crc = 0;
    const azure::body_sink take = [&crc](std::span<const std::byte> piece) -> awaitable<void> {
        crc = azure::crc64(crc, piece);
        co_return;
    };
    co_await files_.read_range(file.properties.name, file.properties.etag, 0, content.bytes, take);
    co_return crc == content.crc;
}

// After a rollback: done if nothing of the tail is left *and* what the file held before is there. Throws
// base_gone if it is not.
awaitable<pending_files::observed> pending_files::see_taken_back(std::string name, azure::etag expected,
                                                                 file_mark published) {
    const auto now = co_await files_.look(name);
    const auto etag = now ? now->properties.etag : azure::etag();
    bool is_there = false;
    switch (tail_state_of(now, published)) {
    case tail_state::pending:
        co_return observed{etag == expected ? blob_state::as_before : blob_state::otherwise, etag};
    case tail_state::absent:
        if (published.base)
            throw base_gone(name, published);
        co_return observed{blob_state::as_written, etag};
    case tail_state::as_before: // by its length
        is_there = holds(*now, *published.base);
        if (!is_there)
            is_there = co_await begins_with(*now, *published.base);
        if (is_there)
            co_return observed{blob_state::as_written, etag};
        break;
    case tail_state::other:
        // If the tail was the whole file, another file under its name loses no rows.
        if (!published.base && !pending_on(*now, published.now.transaction))
            co_return observed{blob_state::as_written, etag};
        break;
    case tail_state::final:
    case tail_state::built_on:
        break; // another run has treated the tail as committed
    }
    co_return observed{blob_state::otherwise, etag};
}

// The same where the tail is empty: only the mark has changed.
awaitable<void> pending_files::restore_mark(std::string name, azure::etag expected, azure::metadata values,
                                            file_mark published) {
    mark_write write;
    write.doing = fmt::format("marking '{}' as it was", name);
    write.name = name;
    write.values = std::move(values);
    write.version = expected;
    write.point_before = "before-take-back";
    write.point_behind = "after-take-back";
    write.look = [&] { return see_taken_back(name, expected, published); };
    (void)co_await write_mark(files_, retries_, std::move(write));
}

awaitable<void> pending_files::restore_base(std::string name, azure::etag expected,
                                            std::vector<std::string> ids, azure::content_headers content,
                                            azure::metadata values, file_mark published) {
    const auto when = azure::condition::match(expected);
    conditional_write write;
    write.doing = fmt::format("putting '{}' back", name);
    write.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-take-back");
        const auto done = co_await files_.put_block_list(name, ids, content, values, when);
        fault_point("after-take-back");
        co_return done.etag;
    };
    write.look = [&] { return see_taken_back(name, expected, published); };
    (void)co_await write_until_known(retries_, std::move(write));
}

awaitable<void> pending_files::remove_pending(std::string name, azure::etag expected, file_mark published) {
    const auto when = azure::condition::match(expected);
    conditional_write write;
    write.doing = fmt::format("removing '{}'", name);
    write.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-remove");
        try {
            co_await files_.remove(name, when);
        } catch (const azure::storage_error& failed) {
            // Gone already: an earlier try took effect. Nothing but the tail was in it.
            if (failed.status() != 404)
                throw;
        }
        fault_point("after-remove");
        co_return azure::etag();
    };
    write.look = [&] { return see_taken_back(name, expected, published); };
    (void)co_await write_until_known(retries_, std::move(write));
}

awaitable<void> pending_files::keep(const listed_file& file) {
    mark_write write;
    write.doing = fmt::format("finalising '{}'", file.properties.name);
    write.name = file.properties.name;
    write.values = metadata_with(settled(*file.mark.mark), file.properties.metadata);
    write.version = file.properties.etag;
    write.point_before = "before-keep";
    write.point_behind = "after-keep";
    write.look = [&] { return see_committed(file.properties.name, file.properties.etag, *file.mark.mark); };
    (void)co_await write_mark(files_, retries_, std::move(write));
}

awaitable<void> pending_files::take_back(const listed_file& file) {
    const auto& name = file.properties.name;
    auto mark = *file.mark.mark;
    if (has_empty_tail(mark))
        co_return co_await restore_mark(name, file.properties.etag,
                                        metadata_with(taken_back(mark), file.properties.metadata), mark);
    const auto blocks = co_await look_at_pending(files_, file);
    std::vector<std::string> ids;
    std::uint64_t bytes = 0;
    for (std::uint64_t index = 0; index < mark.base->blocks && index < blocks.committed.size(); ++index) {
        ids.push_back(blocks.committed[index].id);
        bytes += blocks.committed[index].size;
    }
    if (blocks.copied || bytes != mark.base->bytes) {
        ids = co_await stage_base(file, blocks);
        mark.base->blocks = ids.size();
        mark.base->ids = crc_of_ids(ids);
    }
    auto content = co_await files_.content_of(file.properties);
    content.access_tier = mark.base->tier.value_or(content.access_tier);
    co_await restore_base(name, file.properties.etag, std::move(ids), std::move(content),
                          metadata_with(taken_back(mark), file.properties.metadata), mark);
}

// The file's blocks are no longer those that were published: what it held before the tail is staged again.
awaitable<std::vector<std::string>> pending_files::stage_base(const listed_file& file,
                                                              const pending_blocks& blocks) {
    const auto& name = file.properties.name;
    const auto& base = *file.mark.mark->base;
    const auto length = blocks.committed.empty() ? azure::block_ids::raw_length_default
                                                 : azure::raw_length(blocks.committed.front().id);
    if (rebuilding_ == nullptr || length < azure::block_ids::raw_length_min ||
        length > azure::block_ids::raw_length_max)
        throw async::error(async::failure::integrity,
                           fmt::format("'{}' was copied into other blocks while it waited for transaction {}:"
                                       " their ids are {} bytes long, too short for ours",
                                       name, file.mark.mark->now.transaction, length),
                           "Download the file and upload it again, with its metadata.");
    block_stream staged(files_, rebuilding_->pages, name, rebuilding_->new_nonce(),
                        file.properties.content.encryption_scope, length);
    const azure::body_sink take = [&staged](std::span<const std::byte> bytes) { return staged.write(bytes); };
    if (base.bytes > 0)
        co_await files_.read_range(name, file.properties.etag, 0, base.bytes, take);
    co_await staged.finish();
    if (staged.bytes() != base.bytes || staged.crc() != base.crc)
        throw pending_changed(file);
    retries_.log.info("settle.rebuilt", "a copied file is uploaded again up to its uncommitted rows",
                      {{"blob", name}, {"bytes", base.bytes}});
    co_return staged.ids();
}

awaitable<void> pending_files::remove(const listed_file& file) {
    static_cast<void>(co_await look_at_pending(files_, file));
    co_await remove_pending(file.properties.name, file.properties.etag, *file.mark.mark);
}

} // namespace lake
