#include "exports/sink/lake_draft.hpp"

#include "async/fault_point.hpp"
#include "azure/blob/crc64.hpp"
#include "db/position.hpp"
#include "lake/folder/block_room.hpp"
#include "lake/ledger/ledger.hpp"

#include <fmt/format.h>

#include <array>

namespace exports {

using async::failure;
using async::fault_point;

bool pending_on(const lake::listed_file& file, const db::transaction_mark& author) {
    const auto& mark = file.mark.mark;
    return mark && mark->pending && mark->now.transaction == author.transaction &&
           mark->now.run == author.run;
}

std::size_t lake_draft::block_size() const {
    return lake::block_size_target(staged_.size(), memory_bytes_, parallel_);
}

awaitable<void> lake_draft::write(std::vector<std::byte> bytes) {
    if (staged_.size() >= lake::blocks_max)
        throw async::error(failure::precondition,
                           fmt::format("'{}' would need more than {} blocks", blob_, lake::blocks_max),
                           "Raise ARCHIVE_MEMORY, which lets blocks be larger.");
    fault_point("before-put-block");
    staged_.push_back(ids_.next());
    const std::array<std::span<const std::byte>, 1> pieces{std::span<const std::byte>(bytes)};
    const auto crc = azure::crc64(0, bytes);
    co_await lake_.client().put_block(blob_, staged_.back(), pieces, crc, placement_.encryption_scope);
    fault_point("after-put-block");
}

awaitable<void> lake_draft::prepare(file_mark mark) {
    author_ = mark.author;
    mark_ = for_lake(mark);
    mark_.now.blocks = staged_.size();
    auto values = lake::metadata_with(mark_, {});
    if (!mark.evidence.empty())
        values[evidence_name] = mark.evidence;
    azure::content_headers content;
    content.type = "application/gzip";
    content.access_tier = placement_.sealed_tier; // nothing is ever appended to it
    content.encryption_scope = placement_.encryption_scope;
    content.tags = placement_.tags;
    const auto when = azure::condition::absent();
    lake::conditional_write write;
    write.doing = fmt::format("publishing '{}'", blob_);
    write.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-publish");
        const auto done = co_await lake_.client().put_block_list(blob_, staged_, content, values, when);
        fault_point("after-publish");
        co_return done.etag;
    };
    write.look = [this]() { return see(); };
    tried_ = true;
    etag_ = co_await lake::write_until_known(retries_, std::move(write));
}

awaitable<void> lake_draft::finalise() {
    lake::listed_file file;
    file.properties.name = blob_;
    file.properties.etag = etag_;
    file.properties.metadata = lake::metadata_with(mark_, {});
    file.mark.mark = mark_;
    lake::ledger book(lake_);
    std::vector<lake::ledger_entry> entries{lake::entry_of(blob_, mark_, etag_, "exported")};
    co_await book.record(std::move(entries), retries_.log);
    co_await pending_.keep(file);
}

awaitable<draft::whereabouts> lake_draft::look() {
    const auto now = co_await lake_.look(blob_);
    const bool ours = now && now->mark.mark && now->mark.mark->now.transaction == author_.transaction &&
                      now->mark.mark->now.run == author_.run && now->properties.size == mark_.now.bytes;
    co_return ours ? whereabouts::there : whereabouts::gone;
}

awaitable<void> lake_draft::take_back() {
    // Staged blocks that no list names are invisible, and the service discards them.
    if (!tried_)
        co_return;
    const auto now = co_await lake_.look(blob_);
    if (now && pending_on(*now, author_))
        co_await pending_.remove(*now);
}

awaitable<lake_draft::observed> lake_draft::see() {
    const auto now = co_await lake_.look(blob_);
    observed seen;
    if (!now) {
        seen.state = lake::blob_state::as_before;
        co_return seen;
    }
    seen.etag = now->properties.etag;
    if (pending_on(*now, author_))
        seen.state = lake::blob_state::as_written;
    co_return seen;
}

} // namespace exports
