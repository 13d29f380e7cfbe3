#include "archive/stage/staging.hpp"

#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"

#include <fmt/format.h>

#include <span>

namespace archive {

using async::failure;

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
    , queue_(executor, context_, files_)
    , memory_(context_.pages)
    , file_ready_(executor)
    , key_(context_.table)
    , ends_to_time_(time_position(context_.table) + 1)
    , header_(csv::header_line(context_.table.columns))
    , header_crc_(azure::crc64(0, std::as_bytes(std::span(header_))))
    , records_(context_.book, context_.table, context_.position) {
    memory_.take_for_files(context_.existing.size() * lake::packed_file_bytes);
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
        memory_.take_for_files(file_memory + (context_.existing.contains(key) ? existing_memory : 0));
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

bool staging::try_append(day_file& file, std::string_view row) {
    if (queue_.would_overtake(row.size()) || must_wait_as_late(file, row))
        return false;
    if (file.may_hold_rows() && recognised(file, row)) {
        add_to_digest(row);
        ++context_.report.rows_stored;
        return true;
    }
    // The count goes first: storing may seal the block.
    ++file.rows;
    if (!queue_.try_store(file, row)) {
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
    co_await queue_.store_when_possible(file, row);
    ++context_.report.rows_read;
    context_.report.bytes_read += row.size();
}

void staging::finish(day_file& file) {
    if (file.finished)
        return;
    file.finished = true;
    if (file.has_tail())
        queue_.seal(file);
    forget_held(file);
    if (file.other)
        forget_held(*file.other);
    ++context_.report.days_staged;
}

} // namespace archive
