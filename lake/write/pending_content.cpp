#include "lake/write/pending_content.hpp"

#include "azure/blob/crc64.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

namespace lake {

namespace {

std::string what_was_found(const listed_file& file) {
    const auto& mark = *file.mark.mark;
    return fmt::format("'{}' was changed by somebody else while it waited for transaction {}, which did not"
                       " commit: {} bytes were published, {} are there",
                       file.properties.name, mark.now.transaction, mark.now.bytes, file.properties.size);
}

std::string what_to_do(const listed_file& file) {
    const auto& mark = *file.mark.mark;
    const auto from = mark.base ? mark.base->bytes : 0;
    return fmt::format(
        "The file is left as it is. Of what was published, the {} bytes from {} on are rows that"
        " the table has: download the file, take these out (the header stays), and upload it"
        " again without its archiver metadata. docs/runbook.md, \"A pending file was"
        " changed\".",
        mark.now.bytes - from, from);
}

// The file is as it was published if the ids say so; for a mark without ids, if the number of blocks does.
bool same_blocks(const file_record& published, const std::vector<azure::block>& committed) {
    if (published.blocks != 0 && committed.size() != published.blocks)
        return false;
    if (published.ids == 0)
        return !committed.empty();
    std::vector<std::string> ids;
    for (const auto& block : committed)
        ids.push_back(block.id);
    return crc_of_ids(ids) == published.ids;
}

} // namespace

pending_changed::pending_changed(const listed_file& file)
    : async::error(async::failure::integrity, what_was_found(file), what_to_do(file)) {}

awaitable<pending_blocks> look_at_pending(lake::file_store& files, listed_file file) {
    const auto& name = file.properties.name;
    const auto& published = file.mark.mark->now;
    if (file.properties.size != published.bytes || file.properties.type != azure::blob_type::block)
        throw pending_changed(file);
    pending_blocks found;
    auto blocks = co_await files.committed_blocks(name);
    if (!blocks || blocks->etag != file.properties.etag)
        throw conflict(fmt::format("'{}' was changed by somebody else", name));
    found.committed = std::move(blocks->committed);
    found.copied = !same_blocks(published, found.committed);
    if (!found.copied)
        co_return found;
    std::uint64_t crc = 0;
    const azure::body_sink take = [&crc](std::span<const std::byte> piece) -> awaitable<void> {
        crc = azure::crc64(crc, piece);
        co_return;
    };
    co_await files.read(name, file.properties.etag, 0, take);
    if (crc != published.crc)
        throw pending_changed(file);
    co_return found;
}

} // namespace lake
