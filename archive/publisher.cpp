#include "archive/publisher.hpp"

#include "archive/block_stream.hpp"
#include "archive/conflict.hpp"
#include "archive/tail_state.hpp"
#include "async/fault_point.hpp"
#include "azure/crc64.hpp"
#include "azure/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace archive {

using async::fault_point;

namespace {

// The tail is pending on this transaction: nobody has settled it.
bool pending_on(const lake_file& file, std::string_view transaction) {
    return file.mark.mark && file.mark.mark->pending && file.mark.mark->now.transaction == transaction;
}

// A .gz file is an archive to its readers, not a page that is compressed on the way: no Content-Encoding,
// which clients would undo behind their users' backs.
azure::content_headers content_of(compression kind) {
    azure::content_headers content;
    content.type = kind == compression::gzip ? "application/gzip" : "text/csv; charset=utf-8";
    return content;
}

// Whether rows of the file may be in the table once the transaction has committed. What is known of them
// today is lost with the mark of today's position, so that it has to be said.
std::optional<restored_mark> restored_after(const day_file& file, const publication& by) {
    auto after = file.restored;
    const bool doubted = file.doubted || (file.adopted && file.rows_recognised > 0);
    if (!after && doubted && !file.whole_day)
        after = restored_mark{{by.run, by.transaction, by.position}, file.untouched.rows};
    if (after)
        after->ends = file.whole_day;
    return after;
}

// A container that is gone has no files.
awaitable<std::optional<lake_file>> look_anyhow(lake& folder, std::string name) {
    try {
        co_return co_await folder.look(name);
    } catch (const azure::storage_error& failed) {
        if (failed.status() != 404)
            throw;
    }
    co_return std::nullopt;
}

// The tags that do not fit beside those of others.
void tell_left_out(async::log& sink, const std::string& name, const azure::tag_set& wanted,
                   const azure::tag_set& given) {
    const auto missing =
        std::ranges::count_if(wanted, [&](const auto& tag) { return !given.contains(tag.first); });
    if (missing > 0)
        sink.warn("day.tags_left_out", "not all tags fit beside those that others gave the file",
                  {{"blob", name}, {"tags_left_out", missing}});
}

} // namespace

azure::content_headers content_to_publish(const file_key& key,
                                          const std::optional<azure::content_headers>& before,
                                          std::string_view cutoff, const placement& where) {
    auto content = before ? *before : content_of(key.compression);
    if (!before)
        content.encryption_scope = where.encryption_scope;
    content.tags = azure::merged(content.tags, where.tags);
    const bool over = seconds_after(key.which, cutoff) >= std::chrono::days(1);
    if (over && !where.sealed_tier.empty())
        content.access_tier = where.sealed_tier;
    return content;
}

awaitable<void> publisher::publish(day_file& file, const publication& by) {
    if (!file.has_tail())
        co_return co_await publish_word(file, by);
    std::optional<azure::content_headers> before;
    if (file.existing) {
        file.before = co_await lake_.content_of(*file.existing);
        before = file.before;
    }
    const auto content = content_to_publish(file.key, before, by.cutoff, placement_);
    tell_left_out(retries_.sink, file.name, placement_.tags, content.tags);

    file_mark mark;
    mark.table = by.table;
    mark.pending = true;
    mark.base = file.base;
    mark.restored = restored_after(file, by);
    if (mark.base && before && before->access_tier != content.access_tier)
        mark.base->tier = before->access_tier;
    mark.now.bytes = (file.base ? file.base->bytes : 0) + file.bytes;
    mark.now.rows = (file.base ? file.base->rows : 0) + file.rows;
    mark.now.crc = file.base ? azure::crc64_combine(file.base->crc, file.crc, file.bytes) : file.crc;
    if (file.compressed())
        mark.now.uncompressed = (file.base ? file.base->uncompressed : 0) + file.member.size;
    mark.now.blocks = file.blocks();
    mark.now.header = by.header_crc;
    mark.now.run = by.run;
    mark.now.transaction = by.transaction;
    mark.now.position = by.position;
    mark.now.types = by.types;
    mark.now.sample = file.sample;

    std::vector<std::string> ids = file.base_ids;
    ids.insert(ids.end(), file.staged_ids.begin(), file.staged_ids.end());
    mark.now.ids = crc_of_ids(ids);
    if (mark.base)
        mark.base->ids = crc_of_ids(file.base_ids);
    const auto values = metadata_with(mark, file.existing ? file.existing->metadata : azure::metadata{});
    const auto when =
        file.existing ? azure::condition::match(file.existing->etag) : azure::condition::absent();

    conditional_write what;
    what.doing = fmt::format("publishing '{}'", file.name);
    what.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-publish");
        const auto done = co_await lake_.client().put_block_list(file.name, ids, content, values, when);
        fault_point("after-publish");
        co_return done.etag;
    };
    what.look = [&]() -> awaitable<observed> {
        const auto now = co_await lake_.look(file.name);
        if (!now)
            co_return observed{file.existing ? blob_state::otherwise : blob_state::as_before, {}};
        if (pending_on(*now, by.transaction) && now->mark.mark->now.run == by.run)
            co_return observed{blob_state::as_written, now->properties.etag};
        const bool untouched = file.existing && now->properties.etag == file.existing->etag;
        co_return observed{untouched ? blob_state::as_before : blob_state::otherwise, now->properties.etag};
    };
    file.mark = mark;
    file.state = day_file::publication::tried;
    file.etag = co_await write_until_known(retries_, std::move(what));
    file.state = day_file::publication::published;
}

// Nothing is added, but rows that the file has already are deleted: under its ETag, and with a mark that the
// same settling understands.
awaitable<void> publisher::publish_word(day_file& file, const publication& by) {
    file_mark mark;
    mark.table = by.table;
    mark.pending = true;
    mark.base = file.untouched;
    mark.restored = restored_after(file, by);
    mark.now = file.untouched;
    mark.now.run = by.run;
    mark.now.transaction = by.transaction;
    mark.now.position = by.position;
    if (file.sample)
        mark.now.sample = file.sample;
    const auto values = metadata_with(mark, file.existing->metadata);
    const auto when = azure::condition::match(file.existing->etag);
    conditional_write what;
    what.doing = fmt::format("marking '{}', whose rows are deleted", file.name);
    what.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-publish");
        azure::etag now;
        try {
            now = (co_await lake_.client().set_metadata(file.name, values, when)).etag;
        } catch (const azure::storage_error& failed) {
            if (failed.status() != 404)
                throw;
            throw conflict(fmt::format("'{}' was removed by somebody else", file.name));
        }
        fault_point("after-publish");
        co_return now;
    };
    what.look = [&]() -> awaitable<observed> {
        const auto now = co_await lake_.look(file.name);
        auto state = blob_state::otherwise;
        if (now && pending_on(*now, by.transaction) && now->mark.mark->now.run == by.run)
            state = blob_state::as_written;
        else if (now && now->properties.etag == file.existing->etag)
            state = blob_state::as_before;
        co_return observed{state, now ? now->properties.etag : azure::etag()};
    };
    file.mark = mark;
    file.state = day_file::publication::tried;
    file.etag = co_await write_until_known(retries_, std::move(what));
    file.state = day_file::publication::published;
}

// After COMMIT: done if the mark is off *and* the rows are there. Throws rows_gone if they are not.
awaitable<publisher::observed> publisher::see_committed(std::string name, azure::etag expected,
                                                        file_mark published) {
    const auto now = co_await look_anyhow(lake_, name);
    const auto etag = now ? now->properties.etag : azure::etag();
    switch (tail_state_of(now, published)) {
    case tail_state::pending:
        co_return observed{etag == expected ? blob_state::as_before : blob_state::otherwise, etag};
    case tail_state::final:
    case tail_state::built_on:
        co_return observed{blob_state::as_written, etag};
    case tail_state::absent:
        throw rows_gone(name, published, true);
    case tail_state::as_before:
    case tail_state::other:
        break;
    }
    // A run that came between has settled the file for us, and may have written to it since.
    if (now->mark.mark && co_await begins_with(*now, published.now))
        co_return observed{blob_state::as_written, etag};
    throw rows_gone(name, published, false);
}

awaitable<bool> publisher::begins_with(const lake_file& file, const file_record& content) {
    if (file.properties.size < content.bytes)
        co_return false;
    std::uint64_t crc = 0;
    const azure::body_sink take = [&crc](std::span<const std::byte> piece) -> awaitable<void> {
        crc = azure::crc64(crc, piece);
        co_return;
    };
    co_await lake_.client().read(file.properties.name, file.properties.etag, 0, content.bytes, take);
    co_return crc == content.crc;
}

// After a rollback: done if nothing of the tail is left *and* what the file held before is there. Throws
// base_gone if it is not.
awaitable<publisher::observed> publisher::see_taken_back(std::string name, azure::etag expected,
                                                         file_mark published) {
    const auto now = co_await lake_.look(name);
    const auto etag = now ? now->properties.etag : azure::etag();
    switch (tail_state_of(now, published)) {
    case tail_state::pending:
        co_return observed{etag == expected ? blob_state::as_before : blob_state::otherwise, etag};
    case tail_state::absent:
        if (published.base)
            throw base_gone(name, published);
        co_return observed{blob_state::as_written, etag};
    case tail_state::as_before:
        co_return observed{blob_state::as_written, etag};
    case tail_state::other:
        // Where the tail was the whole file, another one under its name takes nothing away.
        if (!published.base && !pending_on(*now, published.now.transaction))
            co_return observed{blob_state::as_written, etag};
        break;
    case tail_state::final:
    case tail_state::built_on:
        break; // somebody holds the tail for committed
    }
    co_return observed{blob_state::otherwise, etag};
}

awaitable<void> publisher::finalise(day_file& file) {
    const auto values =
        metadata_with(settled(*file.mark), file.existing ? file.existing->metadata : azure::metadata{});
    const auto when = azure::condition::match(file.etag);
    conditional_write what;
    what.doing = fmt::format("finalising '{}'", file.name);
    what.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-finalise");
        const auto done = co_await lake_.client().set_metadata(file.name, values, when);
        fault_point("after-finalise");
        co_return done.etag;
    };
    what.look = [&] { return see_committed(file.name, file.etag, *file.mark); };
    file.etag = co_await write_until_known(retries_, std::move(what));
    file.state = day_file::publication::finalised;
}

// The same where the tail is empty: only the mark has changed.
awaitable<void> publisher::restore_mark(std::string name, azure::etag expected, azure::metadata values,
                                        file_mark published) {
    const auto when = azure::condition::match(expected);
    conditional_write what;
    what.doing = fmt::format("marking '{}' as it was", name);
    what.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-take-back");
        const auto done = co_await lake_.client().set_metadata(name, values, when);
        fault_point("after-take-back");
        co_return done.etag;
    };
    what.look = [&] { return see_taken_back(name, expected, published); };
    (void)co_await write_until_known(retries_, std::move(what));
}

awaitable<void> publisher::restore_base(std::string name, azure::etag expected, std::vector<std::string> ids,
                                        azure::content_headers content, azure::metadata values,
                                        file_mark published) {
    const auto when = azure::condition::match(expected);
    conditional_write what;
    what.doing = fmt::format("putting '{}' back", name);
    what.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-take-back");
        const auto done = co_await lake_.client().put_block_list(name, ids, content, values, when);
        fault_point("after-take-back");
        co_return done.etag;
    };
    what.look = [&] { return see_taken_back(name, expected, published); };
    (void)co_await write_until_known(retries_, std::move(what));
}

awaitable<void> publisher::remove_pending(std::string name, azure::etag expected, file_mark published) {
    const auto when = azure::condition::match(expected);
    conditional_write what;
    what.doing = fmt::format("removing '{}'", name);
    what.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-remove");
        try {
            co_await lake_.client().remove(name, when);
        } catch (const azure::storage_error& failed) {
            // Gone already: an earlier try took effect. Nothing but the tail was in it.
            if (failed.status() != 404)
                throw;
        }
        fault_point("after-remove");
        co_return azure::etag();
    };
    what.look = [&] { return see_taken_back(name, expected, published); };
    (void)co_await write_until_known(retries_, std::move(what));
}

awaitable<void> publisher::put_back(day_file& file) {
    if (file.state == day_file::publication::none || !file.mark)
        co_return;
    // Whether or not the publishing write was answered: what stands there now is what counts.
    const auto now = co_await lake_.look(file.name);
    // Of a restored file, the table still has the rows that were recognised there.
    const bool in_table =
        file.was_restored() && file.mark->base && file.rows_recognised >= file.mark->base->rows;
    if (!now && file.existing && !in_table)
        throw base_gone(file.name, *file.mark);
    if (!now || !pending_on(*now, file.mark->now.transaction))
        co_return;
    // Another version than ours: the answer was lost, or somebody else has written and kept the metadata.
    const bool checked = has_empty_tail(*file.mark) || now->properties.etag == file.etag;
    const bool copied = !checked && (co_await look_at_pending(lake_, *now)).copied;
    if (copied && file.existing)
        co_await take_back(*now);
    else if (has_empty_tail(*file.mark))
        co_await restore_mark(file.name, now->properties.etag, file.existing->metadata, *file.mark);
    else if (file.existing)
        co_await restore_base(file.name, now->properties.etag, file.base_ids, file.before,
                              file.existing->metadata, *file.mark);
    else
        co_await remove_pending(file.name, now->properties.etag, *file.mark);
    file.state = day_file::publication::none;
}

awaitable<void> publisher::keep(const lake_file& file) {
    const auto values = metadata_with(settled(*file.mark.mark), file.properties.metadata);
    const auto when = azure::condition::match(file.properties.etag);
    conditional_write what;
    what.doing = fmt::format("settling '{}'", file.properties.name);
    what.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-keep");
        const auto done = co_await lake_.client().set_metadata(file.properties.name, values, when);
        fault_point("after-keep");
        co_return done.etag;
    };
    what.look = [&] { return see_committed(file.properties.name, file.properties.etag, *file.mark.mark); };
    (void)co_await write_until_known(retries_, std::move(what));
}

awaitable<void> publisher::take_back(const lake_file& file) {
    const auto& name = file.properties.name;
    auto mark = *file.mark.mark;
    if (has_empty_tail(mark))
        co_return co_await restore_mark(name, file.properties.etag,
                                        metadata_with(taken_back(mark), file.properties.metadata), mark);
    const auto blocks = co_await look_at_pending(lake_, file);
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
    auto content = co_await lake_.content_of(file.properties);
    content.access_tier = mark.base->tier.value_or(content.access_tier);
    co_await restore_base(name, file.properties.etag, std::move(ids), std::move(content),
                          metadata_with(taken_back(mark), file.properties.metadata), mark);
}

// The file's blocks are no longer those that were published: what it held before the tail is staged again.
awaitable<std::vector<std::string>> publisher::stage_base(const lake_file& file,
                                                          const pending_blocks& blocks) {
    const auto& name = file.properties.name;
    const auto& base = *file.mark.mark->base;
    const auto length = blocks.committed.empty() ? azure::block_ids::raw_length_default
                                                 : azure::raw_length(blocks.committed.front().id);
    if (rebuilding_ == nullptr || length < azure::block_ids::raw_length_min ||
        length > azure::block_ids::raw_length_max)
        throw async::error(async::failure::integrity,
                           fmt::format("'{}' was copied into other blocks while it waited for transaction {}:"
                                       " their ids are {} bytes long, which takes none of ours",
                                       name, file.mark.mark->now.transaction, length),
                           "Download the file and upload it again, with its metadata.");
    block_stream staged(lake_.client(), rebuilding_->pages, name, rebuilding_->new_nonce(),
                        file.properties.content.encryption_scope, length);
    const azure::body_sink take = [&staged](std::span<const std::byte> bytes) { return staged.write(bytes); };
    if (base.bytes > 0)
        co_await lake_.client().read(name, file.properties.etag, 0, base.bytes, take);
    co_await staged.finish();
    if (staged.bytes() != base.bytes || staged.crc() != base.crc)
        throw pending_changed(file);
    retries_.sink.info("settle.rebuilt", "a file that was copied is staged again up to its pending tail",
                       {{"blob", name}, {"bytes", base.bytes}});
    co_return staged.ids();
}

awaitable<void> publisher::remove(const lake_file& file) {
    static_cast<void>(co_await look_at_pending(lake_, file));
    co_await remove_pending(file.properties.name, file.properties.etag, *file.mark.mark);
}

} // namespace archive
