#include "archive/settle/publisher.hpp"

#include "async/fault_point.hpp"
#include "azure/blob/crc64.hpp"
#include "azure/blob/error.hpp"
#include "lake/conflict.hpp"
#include "lake/folder/tail_state.hpp"
#include "lake/mark/mark_change.hpp"
#include "lake/write/mark_write.hpp"
#include "lake/write/pending_content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace archive {

using async::fault_point;

namespace {

// The time that all rows of the file are older than, once this run's are in it.
std::string before_with(const std::optional<lake::file_record>& base, const std::string& cutoff) {
    if (!base || base->rows == 0)
        return cutoff;
    return base->before.empty() ? std::string() : std::max(base->before, cutoff);
}

// Of the CSV of a compressed file with its tail; 0 if that of its beginning is not known.
std::uint64_t csv_crc_with(const std::optional<lake::file_record>& base, const day_file& file) {
    if (!base || base->bytes == 0)
        return file.csv_crc;
    return base->csv_crc == 0 ? 0 : azure::crc64_combine(base->csv_crc, file.csv_crc, file.member.size);
}

// The file may begin with rows of other types: a comparison with all of its rows must know that.
void set_types(lake::file_record& now, const std::optional<lake::file_record>& base,
               const publication& author) {
    const bool mixed = base && base->rows > 0 && base->types != 0 && base->types != author.types;
    now.types = mixed ? base->types : author.types;
    now.identity = mixed ? base->identity : author.identity;
}

// No Content-Encoding: clients would decompress the .gz file without being asked.
azure::content_headers content_of(lake::compression kind) {
    azure::content_headers content;
    content.type = kind == lake::compression::gzip ? "application/gzip" : "text/csv; charset=utf-8";
    return content;
}

// Whether rows of the file may be in the table once the transaction has committed. The position in today's
// mark tells that now; the new mark has another position and has to say it.
std::optional<lake::restored_mark> restored_after(const day_file& file, const publication& author) {
    auto after = file.restored;
    const bool doubted = file.doubted || (file.adopted && file.rows_recognised > 0);
    const bool all_seen = !author.hides_rows || file.rows_recognised >= file.untouched.rows;
    const bool ends = file.whole_day && all_seen;
    if (!after && doubted && !ends)
        after = lake::restored_mark{{author.run, author.transaction, author.position}, file.untouched.rows};
    if (after)
        after->ends = ends;
    return after;
}

bool published_by(const lake::listed_file& file, const publication& author) {
    return lake::pending_on(file, author.transaction) && file.mark.mark->now.run == author.run;
}

// The tags that do not fit beside those of others.
void tell_left_out(async::log& log, const std::string& name, const azure::tag_set& wanted,
                   const azure::tag_set& given) {
    const auto missing =
        std::ranges::count_if(wanted, [&](const auto& tag) { return !given.contains(tag.first); });
    if (missing > 0)
        log.warn("day.tags_left_out", "not all tags fit beside those that others gave the file",
                 {{"blob", name}, {"tags_left_out", missing}});
}

// The mark of a file with its tail. `ids`: of all its blocks. `before`: what the file had; nullopt: it is
// new.
lake::file_mark mark_to_publish(const day_file& file, const publication& author,
                                const std::vector<std::string>& ids,
                                const std::optional<azure::content_headers>& before,
                                const azure::content_headers& content) {
    lake::file_mark mark;
    mark.table = author.table;
    mark.pending = true;
    mark.base = file.base;
    mark.restored = restored_after(file, author);
    if (mark.base && before && before->access_tier != content.access_tier)
        mark.base->tier = before->access_tier;
    mark.now.bytes = (file.base ? file.base->bytes : 0) + file.bytes;
    mark.now.rows = (file.base ? file.base->rows : 0) + file.rows;
    mark.now.crc = file.base ? azure::crc64_combine(file.base->crc, file.crc, file.bytes) : file.crc;
    if (file.compressed()) {
        mark.now.uncompressed = (file.base ? file.base->uncompressed : 0) + file.member.size;
        mark.now.csv_crc = csv_crc_with(file.base, file);
    }
    mark.now.blocks = file.blocks();
    mark.now.header = author.header_crc;
    mark.now.run = author.run;
    mark.now.transaction = author.transaction;
    mark.now.position = author.position;
    mark.now.dry_run = author.dry_run;
    set_types(mark.now, file.base, author);
    mark.now.time_column = author.time_column;
    mark.now.before = before_with(file.base, author.cutoff);
    mark.now.sample = file.sample;
    mark.now.ids = lake::crc_of_ids(ids);
    if (mark.base)
        mark.base->ids = lake::crc_of_ids(file.base_ids);
    return mark;
}

} // namespace

azure::content_headers content_to_publish(const lake::file_key& key,
                                          const std::optional<azure::content_headers>& before,
                                          std::string_view cutoff, const lake::placement& where) {
    auto content = before ? *before : content_of(key.compression);
    if (!before)
        content.encryption_scope = where.encryption_scope;
    content.tags = azure::merged(content.tags, where.tags);
    const bool over = lake::seconds_after(key.which, cutoff) >= std::chrono::days(1);
    if (over && !where.sealed_tier.empty())
        content.access_tier = where.sealed_tier;
    return content;
}

awaitable<void> publisher::publish(day_file& file, const publication& author) {
    if (!file.has_tail())
        co_return co_await publish_word(file, author);
    std::optional<azure::content_headers> before;
    if (file.existing) {
        file.before = co_await files_.content_of(*file.existing);
        before = file.before;
    }
    const auto content = content_to_publish(file.key, before, author.cutoff, placement_);
    tell_left_out(retries_.log, file.name, placement_.tags, content.tags);

    std::vector<std::string> ids = file.base_ids;
    ids.insert(ids.end(), file.staged_ids.begin(), file.staged_ids.end());
    const auto mark = mark_to_publish(file, author, ids, before, content);
    const auto values =
        lake::metadata_with(mark, file.existing ? file.existing->metadata : azure::metadata{});
    const auto when =
        file.existing ? azure::condition::match(file.existing->etag) : azure::condition::absent();

    bool perhaps_written = false;
    lake::conditional_write write;
    write.doing = fmt::format("publishing '{}'", file.name);
    write.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-publish");
        azure::written done;
        try {
            done = co_await files_.put_block_list(file.name, ids, content, values, when);
        } catch (const azure::storage_error& failed) {
            perhaps_written = perhaps_written || failed.outcome_unknown() || failed.may_repeat();
            throw;
        }
        fault_point("after-publish");
        co_return done.etag;
    };
    write.look = [&]() -> awaitable<observed> {
        const auto now = co_await files_.look(file.name);
        if (!now)
            co_return observed{file.existing ? lake::blob_state::otherwise : lake::blob_state::as_before, {}};
        if (published_by(*now, author))
            co_return observed{lake::blob_state::as_written, now->properties.etag};
        const bool untouched = file.existing && now->properties.etag == file.existing->etag;
        co_return observed{untouched ? lake::blob_state::as_before : lake::blob_state::otherwise,
                           now->properties.etag};
    };
    file.mark = mark;
    file.state = day_file::publish_state::tried;
    try {
        file.etag = co_await lake::write_until_known(retries_, std::move(write));
    } catch (const lake::conflict&) {
        if (!perhaps_written) // its condition refused it: there is nothing to put back
            file.state = day_file::publish_state::none;
        throw;
    }
    file.state = day_file::publish_state::published;
}

// Nothing is added, but rows that the file has already are deleted: under its ETag, and with a mark that the
// same settling understands.
awaitable<void> publisher::publish_word(day_file& file, const publication& author) {
    lake::file_mark mark;
    mark.table = author.table;
    mark.pending = true;
    mark.base = file.untouched;
    mark.restored = restored_after(file, author);
    mark.now = file.untouched;
    mark.now.run = author.run;
    mark.now.transaction = author.transaction;
    mark.now.position = author.position;
    mark.now.dry_run = author.dry_run;
    if (file.sample)
        mark.now.sample = file.sample;
    lake::mark_write write;
    write.doing = fmt::format("marking '{}', whose rows are deleted", file.name);
    write.name = file.name;
    write.values = lake::metadata_with(mark, file.existing->metadata);
    write.version = file.existing->etag;
    write.gone = lake::mark_write::where_gone::conflicts;
    write.point_before = "before-publish";
    write.point_behind = "after-publish";
    const auto is_ours = [&author](const lake::listed_file& now) { return published_by(now, author); };
    write.look = [this, &file, is_ours] {
        return lake::look_for_write(files_, file.name, file.existing->etag, is_ours);
    };
    file.mark = mark;
    file.state = day_file::publish_state::tried;
    file.etag = co_await lake::write_mark(files_, retries_, std::move(write));
    file.state = day_file::publish_state::published;
}

awaitable<void> publisher::finalise(day_file& file) {
    lake::mark_write write;
    write.doing = fmt::format("finalising '{}'", file.name);
    write.name = file.name;
    write.values = lake::metadata_with(lake::settled(*file.mark),
                                       file.existing ? file.existing->metadata : azure::metadata{});
    write.version = file.etag;
    write.point_before = "before-finalise";
    write.point_behind = "after-finalise";
    write.look = [this, &file] { return tails_.see_committed(file.name, file.etag, *file.mark); };
    file.etag = co_await lake::write_mark(files_, retries_, std::move(write));
    file.state = day_file::publish_state::finalised;
}

awaitable<void> publisher::put_back(day_file& file) {
    if (file.state == day_file::publish_state::none || !file.mark)
        co_return;
    // Whether or not the publishing write was answered: look at the file.
    const auto now = co_await files_.look(file.name);
    // Of a restored file, the table still has the rows that were recognised there.
    const bool in_table =
        file.was_restored() && file.mark->base && file.rows_recognised >= file.mark->base->rows;
    if (!now && file.existing && !in_table)
        throw lake::base_gone(file.name, *file.mark);
    if (!now || !lake::pending_on(*now, file.mark->now.transaction))
        co_return;
    // Another version than ours: the answer was lost, or somebody else has written and kept the metadata.
    const bool checked = lake::has_empty_tail(*file.mark) || now->properties.etag == file.etag;
    const bool copied = !checked && (co_await lake::look_at_pending(files_, *now)).copied;
    if (copied && file.existing)
        co_await tails_.take_back(*now);
    else if (lake::has_empty_tail(*file.mark))
        co_await tails_.restore_mark(file.name, now->properties.etag, file.existing->metadata, *file.mark);
    else if (file.existing)
        co_await tails_.restore_base(file.name, now->properties.etag, file.base_ids, file.before,
                                     file.existing->metadata, *file.mark);
    else
        co_await tails_.remove_pending(file.name, now->properties.etag, *file.mark);
    file.state = day_file::publish_state::none;
}

} // namespace archive
