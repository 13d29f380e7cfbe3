#include "archive/stage/block_queue.hpp"

#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "azure/blob/crc64.hpp"

#include <fmt/format.h>

#include <span>
#include <utility>

namespace archive {

using async::failure;
using async::fault_point;

lake::block_memory block_queue::memory() const noexcept {
    return {context_.pages.capacity_pages() * async::page_size, context_.parallel};
}

void block_queue::set_target(day_file& file) const noexcept {
    const auto from = memory();
    file.open.target = lake::block_size_target(file.blocks(), from.bytes, from.parallel);
}

awaitable<void> block_queue::store_when_possible(day_file& file, std::string_view bytes) {
    const async::span shown(context_.log, "waits", "for memory");
    const auto place = line_.end++;
    const auto pages = lake::block_buffer::pages_at_most(bytes.size());
    line_.pages += pages;
    // Cancellation ends the whole group of readers, so no waiter is left behind one that gives up.
    for (;;) {
        if (line_.head == place) {
            if (try_store(file, bytes))
                break;
            if (unfinished_ < context_.parallel) {
                if (auto* other = fullest()) {
                    seal(*other);
                    continue;
                }
                if (unfinished_ == 0) {
                    // All memory is free, and this one row is larger.
                    file.open.content.append_beyond(bytes);
                    seal(file);
                    break;
                }
            }
        }
        co_await context_.pages.wait();
    }
    ++line_.head;
    line_.pages -= pages;
    context_.pages.wake_waiters();
}

day_file* block_queue::fullest() const {
    day_file* best = nullptr;
    for (const auto& [which, file] : files_)
        if (!file->open.content.empty() &&
            (best == nullptr || file->open.content.size() > best->open.content.size()))
            best = file.get();
    return best;
}

// Freed page by page as they are read, so that both forms together hardly need more room than one.
lake::block_buffer block_queue::compressed(day_file& file) {
    if (!compressor_)
        compressor_.emplace();
    lake::block_buffer result(context_.pages);
    const csv::gzip_compressor::byte_sink store = [&result](std::span<const std::byte> bytes) {
        const auto text = lake::text_of(bytes);
        if (!result.try_append(text))
            result.append_beyond(text);
    };
    if (!file.open.content.empty()) {
        compressor_->begin_part(file.member, store);
        file.open.content.drain([this, &file, &store](std::span<const std::byte> bytes) {
            file.csv_crc = azure::crc64(file.csv_crc, bytes);
            compressor_->write(file.member, bytes, store);
        });
        compressor_->end_part(store);
    }
    if (file.finished)
        csv::gzip_compressor::end_member(file.member, store);
    return result;
}

void block_queue::seal(day_file& file) {
    auto& open = file.open;
    if (file.compressed() && !open.is_as_stored)
        open.content = compressed(file);
    if (open.content.empty())
        return;
    if (file.blocks() >= lake::blocks_max)
        throw async::error(failure::precondition,
                           fmt::format("'{}' would need more than {} blocks", file.name, lake::blocks_max),
                           "Raise ARCHIVE_MEMORY, which lets blocks be larger.");
    auto id = file.ids.next();
    file.staged_ids.push_back(id);
    file.crc = azure::crc64_combine(file.crc, open.content.crc(), open.content.size());
    file.bytes += open.content.size();
    const auto rows = file.rows - std::exchange(open.rows_before, file.rows);
    queue_.push_back(
        {&file, std::move(id), std::exchange(open.content, lake::block_buffer(context_.pages)), rows});
    ++unfinished_;
    set_target(file);
    changed_.notify_all();
}

void block_queue::close() {
    closed_ = true;
    changed_.notify_all();
}

awaitable<void> block_queue::upload() {
    for (;;) {
        while (queue_.empty()) {
            if (closed_)
                co_return;
            co_await changed_.wait();
        }
        auto block = std::move(queue_.front());
        queue_.pop_front();
        fault_point("before-put-block");
        async::span shown(context_.log, "uploaders", "block of", block.file->name);
        const auto bytes = block.content.size();
        shown.note("bytes", bytes);
        const auto pieces = block.content.pieces();
        const auto& existing = block.file->existing;
        const auto& scope = existing ? existing->content.encryption_scope : context_.encryption_scope;
        co_await context_.lake.put_block(block.file->name, block.id, pieces, block.content.crc(), scope);
        fault_point("after-put-block");
        context_.report.rows_stored += block.rows;
        context_.report.bytes_stored += bytes;
        --unfinished_;
    }
}

} // namespace archive
