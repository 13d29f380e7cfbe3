#include "lake/write/converter.hpp"

#include "async/fault_point.hpp"
#include "azure/blob/crc64.hpp"
#include "azure/blob/error.hpp"
#include "lake/conflict.hpp"
#include "lake/content/content_check.hpp"
#include "lake/mark/mark_change.hpp"
#include "lake/write/block_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace lake {

using async::failure;
using async::fault_point;

namespace {

async::error changed_on_the_way(const std::string& name, const std::string& copy) {
    return {failure::integrity, fmt::format("'{}' does not hold what was copied from '{}'", copy, name),
            "Keep both, and compare their sizes and contents; one of them holds the rows."};
}

// Of a file of ours that was copied as an append blob. Its mark is right still if it describes these bytes;
// and the table has its rows as well for as long as the mark says so, also if others have added some.
azure::metadata metadata_to_keep(const listed_file& file, std::uint64_t bytes, std::uint64_t crc) {
    const auto& mark = file.mark.mark;
    const bool keeps = mark && !mark->pending &&
                       (may_be_in_table(*mark) || (mark->now.bytes == bytes && mark->now.crc == crc));
    return keeps ? file.properties.metadata : without_mark(file.properties.metadata);
}

// In the same folder.
std::string copy_of(std::string_view name, const file_key& key) {
    return std::string(name.substr(0, name.size() - name_alone(name).size())) + side_copy_name(key);
}

} // namespace

awaitable<void> converter::convert(const listed_file& file, const expected_file* expected) {
    const auto key = file.key();
    standing made;
    made.name = file.properties.name;
    made.copy_name = copy_of(file.properties.name, key);
    made.content = co_await files_.content_of(file.properties);
    co_await make_copy(file, expected, made);
    co_await prove_copy(made);
    co_await remove_original(made);
    co_await rebuild(made);
    co_await remove_copy(made);
    log_.info("day.converted", "converted an append blob into a block blob of the same bytes",
              {{"day", key.which.text()}, {"blob", made.name}, {"bytes", made.mark.bytes}});
}

awaitable<void> converter::make_copy(const listed_file& file, const expected_file* expected, standing& made) {
    std::optional<content_check> seen;
    if (expected != nullptr)
        seen.emplace(made.name, file.compressed(), *expected, content_check::row_sink(),
                     files_.row_limit(file));
    block_stream staged(files_, pages_, made.copy_name, new_nonce_(), made.content.encryption_scope);
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        if (seen)
            seen->feed(bytes);
        co_await staged.write(bytes);
    };
    co_await files_.read(made.name, file.properties.etag, 0, take);
    if (seen)
        seen->finish();
    co_await staged.finish();
    if (staged.bytes() != file.properties.size || (seen && staged.crc() != seen->crc()))
        throw async::error(failure::internal, fmt::format("'{}' was not staged as it was read", made.name));
    made.metadata = metadata_to_keep(file, staged.bytes(), staged.crc());
    made.mark = {file.properties.etag, staged.bytes(), staged.crc(), run_};
    const auto values = metadata_with(made.mark, made.metadata);
    made.copy = co_await commit_new(fmt::format("copying '{}'", made.name), made.copy_name, staged.ids(),
                                    made.content, values);
}

// The original is about to be removed: the copy, as the service returns it, must equal it.
awaitable<void> converter::prove_copy(const standing& made) {
    std::uint64_t crc = 0;
    std::uint64_t bytes = 0;
    const azure::body_sink take = [&crc, &bytes](std::span<const std::byte> piece) -> awaitable<void> {
        crc = azure::crc64(crc, piece);
        bytes += piece.size();
        co_return;
    };
    co_await files_.read(made.copy_name, made.copy, 0, take);
    if (crc != made.mark.crc || bytes != made.mark.bytes)
        throw changed_on_the_way(made.name, made.copy_name);
}

awaitable<void> converter::remove_original(const standing& made) {
    fault_point("copied");
    co_await remove(fmt::format("removing the append blob '{}'", made.name), made.name, made.mark.original);
}

awaitable<void> converter::rebuild(const standing& made) {
    block_stream staged(files_, pages_, made.name, new_nonce_(), made.content.encryption_scope);
    const azure::body_sink take = [&staged](std::span<const std::byte> bytes) { return staged.write(bytes); };
    try {
        co_await files_.read(made.copy_name, made.copy, 0, take);
        co_await staged.finish();
        if (staged.bytes() != made.mark.bytes || staged.crc() != made.mark.crc)
            throw changed_on_the_way(made.name, made.copy_name);
        (void)co_await commit_new(fmt::format("building '{}' again", made.name), made.name, staged.ids(),
                                  made.content, made.metadata);
    } catch (const azure::storage_error& failed) {
        // Another program has created an append blob there; recovery compares it with the copy.
        if (failed.status() != 409)
            throw;
        throw conflict(failed.message());
    }
}

awaitable<void> converter::remove_copy(const standing& made) {
    return remove(fmt::format("removing '{}'", made.copy_name), made.copy_name, made.copy);
}

awaitable<void> converter::settle(const listed_file& copy, const listed_file* original) {
    const auto key = key_of_side_copy(name_alone(copy.properties.name));
    const auto mark = side_copy_mark_from(copy.properties.metadata);
    if (!key || !mark || mark->bytes != copy.properties.size)
        throw async::error(
            failure::precondition,
            fmt::format("'{}' cannot be read as the copy of a file", copy.properties.name),
            "It holds the rows of a file whose conversion was interrupted: restore its metadata, or"
            " rename it to the name in the middle of its own. docs/protocol.md, Append blobs.");
    const auto content = co_await files_.content_of(copy.properties);
    const standing made{files_.name_of(*key),
                        copy.properties.name,
                        copy.properties.etag,
                        *mark,
                        content,
                        without_copy_mark(copy.properties.metadata)};
    auto state = original == nullptr ? original_state::absent : original_state::not_looked;
    if (original != nullptr && original->properties.etag == mark->original)
        state = original_state::as_copied;
    auto decision = decide_copy(state);
    if (decision == copy_decision::look_at_bytes)
        decision = decide_copy(co_await compare(made, *original));
    if (decision == copy_decision::refuse)
        throw async::error(
            failure::precondition,
            fmt::format("'{}' was created again while its earlier content was being converted;"
                        " that content is in '{}'",
                        made.name, made.copy_name),
            "Put the rows of both into one of them (neither has been changed), upload that under the"
            " first name, and delete the second.");
    log_.info("convert.settled", "finished a conversion that an earlier run began",
              {{"day", key->which.text()}, {"blob", made.name}, {"decision", to_string(decision)}});
    if (decision == copy_decision::remove_original)
        co_await remove_original(made);
    if (decision != copy_decision::remove_copy)
        co_await rebuild(made);
    co_await remove_copy(made);
}

// Whether the file begins with the bytes of the copy.
awaitable<original_state> converter::compare(const standing& made, const listed_file& original) {
    if (original.properties.size < made.mark.bytes)
        co_return original_state::otherwise;
    std::uint64_t crc = 0;
    std::uint64_t left = made.mark.bytes;
    const azure::body_sink take = [&crc, &left](std::span<const std::byte> bytes) -> awaitable<void> {
        const auto part = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
        crc = azure::crc64(crc, part);
        left -= part.size();
        co_return;
    };
    if (made.mark.bytes > 0)
        co_await files_.read_range(made.name, original.properties.etag, 0, made.mark.bytes, take);
    co_return left == 0 && crc == made.mark.crc ? original_state::begins_alike : original_state::otherwise;
}

// Put Block List on a name that nothing has. The blob there is recognised by its blocks: their ids are this
// run's.
awaitable<azure::etag> converter::commit_new(std::string doing, std::string name,
                                             const std::vector<std::string>& ids,
                                             const azure::content_headers& content,
                                             const azure::metadata& values) {
    const auto when = azure::condition::absent();
    conditional_write write;
    write.doing = std::move(doing);
    write.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-convert");
        const auto done = co_await files_.put_block_list(name, ids, content, values, when);
        fault_point("after-convert");
        co_return done.etag;
    };
    write.look = [&]() -> awaitable<conditional_write::observed> {
        const auto now = co_await files_.look(name);
        if (!now)
            co_return conditional_write::observed{blob_state::as_before, {}};
        if (now->properties.type != azure::blob_type::block)
            co_return conditional_write::observed{blob_state::otherwise, now->properties.etag};
        const auto blocks = co_await files_.committed_blocks(name);
        const auto same = [](const azure::block& block, const std::string& id) { return block.id == id; };
        const bool written = blocks && std::ranges::equal(blocks->committed, ids, same) &&
                             (!ids.empty() || now->properties.metadata == values);
        co_return conditional_write::observed{written ? blob_state::as_written : blob_state::otherwise,
                                              now->properties.etag};
    };
    co_return co_await write_until_known(retries_, std::move(write));
}

awaitable<void> converter::remove(std::string doing, std::string name, azure::etag expected) {
    const auto when = azure::condition::match(expected);
    conditional_write write;
    write.doing = std::move(doing);
    write.send = [&]() -> awaitable<azure::etag> {
        fault_point("before-convert-remove");
        try {
            co_await files_.remove(name, when);
        } catch (const azure::storage_error& failed) {
            if (failed.status() != 404) // gone already: an earlier try took effect
                throw;
        }
        fault_point("after-convert-remove");
        co_return azure::etag();
    };
    write.look = [&]() -> awaitable<conditional_write::observed> {
        const auto now = co_await files_.look(name);
        if (!now)
            co_return conditional_write::observed{blob_state::as_written, {}};
        co_return conditional_write::observed{now->properties.etag == expected ? blob_state::as_before
                                                                               : blob_state::otherwise,
                                              now->properties.etag};
    };
    (void)co_await write_until_known(retries_, std::move(write));
}

} // namespace lake
