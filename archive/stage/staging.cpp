#include "archive/stage/staging.hpp"

#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <span>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

// What a day costs in addition to its rows: a day_file, its mark and block ids. Measured over 3,000 days.
// Then the file that is there already, if there is one.
constexpr std::size_t file_memory = 2'048;
constexpr std::size_t existing_memory = 4'096;

} // namespace

lake::file_key choose_file(lake::day which, lake::compression wanted, const lake::file_map& existing) {
    const lake::file_key preferred{which, wanted};
    const lake::file_key other{which, wanted == lake::compression::none ? lake::compression::gzip
                                                                        : lake::compression::none};
    return !existing.contains(preferred) && existing.contains(other) ? other : preferred;
}

staging::staging(const async::asio::any_io_executor& executor, staging_context context)
    : context_(std::move(context))
    , file_ready_(executor)
    , queue_changed_(executor)
    , key_(context_.table)
    , ends_to_time_(time_position(context_.table) + 1)
    , header_(csv::header_line(context_.table.columns))
    , header_crc_(azure::crc64(0, std::as_bytes(std::span(header_))))
    , types_(context_.table, context_.position) {
    account_for(context_.existing.size() * lake::packed_file_bytes);
}

staging::~staging() { context_.pages.take_back(set_aside_); }

void staging::account_for(std::size_t bytes) noexcept {
    context_.pages.set_aside(bytes);
    set_aside_ += bytes;
    files_memory_ += bytes;
}

void staging::must_not_be_directory(const lake::file_key& key) const {
    if (!context_.existing.contains(key) && context_.lake.is_directory(key))
        throw async::error(
            failure::precondition,
            fmt::format("'{}' cannot be written: a directory has that name", context_.lake.name_of(key)),
            "Rename the directory, or give the archive another folder with ARCHIVE_PATH.");
}

awaitable<day_file*> staging::file_for(lake::day which) {
    auto found = files_.find(which);
    if (found == files_.end()) {
        const auto key = choose_file(which, context_.compression, context_.existing);
        must_not_be_directory(key);
        account_for(file_memory + (context_.existing.contains(key) ? existing_memory : 0));
        found = files_
                    .emplace(which, std::make_unique<day_file>(key, context_.lake.name_of(key),
                                                               context_.nonce, context_.pages))
                    .first;
        auto& file = *found->second;
        file.whole_day = has_whole_day(context_.rows, which);
        co_await prepare(file);
        if (file.existing) // publishing asks for its tags again: whether that is allowed must show before
            (void)co_await context_.lake.content_of(*file.existing);
        ready_[which] = true;
        file_ready_.notify_all();
        co_return &file;
    }
    auto* file = found->second.get();
    while (!ready_[which])
        co_await file_ready_.wait();
    co_return file;
}

// False if the waiting workers have room too. If this only asked whether a worker waits, workers that once
// had to wait would wait for each other at each row, even with enough room.
bool staging::would_overtake(std::size_t row_bytes) const noexcept {
    return line_head_ != line_end_ &&
           context_.pages.pages_left() < line_pages_ + lake::block_buffer::pages_at_most(row_bytes);
}

bool staging::store(day_file& file, std::string_view bytes) {
    if (!file.open.try_append(bytes))
        return false;
    if (file.open.size() >= file.block_target)
        seal(file);
    return true;
}

bool staging::try_append(day_file& file, std::string_view row) {
    if (would_overtake(row.size()) || must_wait_as_late(file, row))
        return false;
    if (file.may_hold_rows() && recognised(file, row)) {
        add_to_digest(row);
        ++context_.report.rows_stored;
        return true;
    }
    // The count goes first: storing may seal the block.
    ++file.rows;
    if (!store(file, row)) {
        --file.rows;
        return false;
    }
    if (file.rows == 1)
        take_sample(file, row);
    add_to_digest(row);
    ++context_.report.rows_read;
    context_.report.bytes_read += row.size();
    return true;
}

awaitable<void> staging::append_when_possible(day_file& file, std::string_view row) {
    if (must_wait_as_late(file, row))
        co_return co_await keep_late(file, row);
    co_await append_compared(file, row);
}

awaitable<void> staging::append_compared(day_file& file, std::string_view row) {
    add_to_digest(row);
    if (file.may_hold_rows() && recognised(file, row)) {
        ++context_.report.rows_stored;
        co_return;
    }
    if (++file.rows == 1)
        take_sample(file, row);
    co_await store_when_possible(file, row);
    ++context_.report.rows_read;
    context_.report.bytes_read += row.size();
}

awaitable<void> staging::store_when_possible(day_file& file, std::string_view bytes) {
    const async::span shown(context_.log, "waits", "for memory");
    const auto place = line_end_++;
    const auto pages = lake::block_buffer::pages_at_most(bytes.size());
    line_pages_ += pages;
    // Cancellation ends the whole group of readers, so no waiter is left behind one that gives up.
    for (;;) {
        if (line_head_ == place) {
            if (store(file, bytes))
                break;
            if (unfinished_ < context_.parallel) {
                if (auto* other = fullest()) {
                    seal(*other);
                    continue;
                }
                if (unfinished_ == 0) {
                    // All memory is free, and this one row is larger.
                    file.open.append_beyond(bytes);
                    seal(file);
                    break;
                }
            }
        }
        co_await context_.pages.wait();
    }
    ++line_head_;
    line_pages_ -= pages;
    context_.pages.wake_waiters();
}

day_file* staging::fullest() {
    day_file* best = nullptr;
    for (const auto& [which, file] : files_)
        if (!file->open.empty() && (best == nullptr || file->open.size() > best->open.size()))
            best = file.get();
    return best;
}

// Freed page by page as they are read, so that both forms together hardly need more room than one.
lake::block_buffer staging::compressed(day_file& file) {
    if (!compressor_)
        compressor_.emplace();
    lake::block_buffer result(context_.pages);
    const csv::gzip_compressor::byte_sink store = [&result](std::span<const std::byte> bytes) {
        const auto text = lake::text_of(bytes);
        if (!result.try_append(text))
            result.append_beyond(text);
    };
    if (!file.open.empty()) {
        compressor_->begin_part(file.member, store);
        file.open.drain([this, &file, &store](std::span<const std::byte> bytes) {
            file.csv_crc = azure::crc64(file.csv_crc, bytes);
            compressor_->write(file.member, bytes, store);
        });
        compressor_->end_part(store);
    }
    if (file.finished)
        csv::gzip_compressor::end_member(file.member, store);
    return result;
}

void staging::seal(day_file& file) {
    if (file.compressed() && !file.restaging)
        file.open = compressed(file);
    if (file.open.empty())
        return;
    if (file.blocks() >= lake::blocks_max)
        throw async::error(failure::precondition,
                           fmt::format("'{}' would need more than {} blocks", file.name, lake::blocks_max),
                           "Raise ARCHIVE_MEMORY, which lets blocks be larger.");
    auto id = file.ids.next();
    file.staged_ids.push_back(id);
    file.crc = azure::crc64_combine(file.crc, file.open.crc(), file.open.size());
    file.bytes += file.open.size();
    const auto rows = file.rows - std::exchange(file.rows_sealed, file.rows);
    queue_.push_back(
        {&file, std::move(id), std::exchange(file.open, lake::block_buffer(context_.pages)), rows});
    ++unfinished_;
    file.block_target = lake::block_size_target(
        file.blocks(), context_.pages.capacity_pages() * async::page_size, context_.parallel);
    queue_changed_.notify_all();
}

void staging::finish(day_file& file) {
    if (file.finished)
        return;
    file.finished = true;
    if (file.has_tail())
        seal(file);
    forget_held(file);
    if (file.other)
        forget_held(*file.other);
    ++context_.report.days_staged;
}

void staging::close() {
    closed_ = true;
    queue_changed_.notify_all();
}

awaitable<void> staging::upload() {
    for (;;) {
        while (queue_.empty()) {
            if (closed_)
                co_return;
            co_await queue_changed_.wait();
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
