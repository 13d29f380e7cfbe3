#include "archive/stage/staging.hpp"

#include "archive/stage/file_adoption.hpp"
#include "archive/stage/recognition.hpp"
#include "archive/stage/remember_rows.hpp"
#include "async/error.hpp"

#include <fmt/format.h>

#include <utility>

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
    : tools_(std::move(context))
    , queue_(executor, tools_.context, files_)
    , late_(tools_)
    , file_ready_(executor) {
    tools_.memory.take_for_files(tools_.context.existing.size() * lake::packed_file_bytes);
}

void staging::must_not_be_directory(const lake::file_key& key) const {
    if (!tools_.context.existing.contains(key) && tools_.context.lake.is_directory(key))
        throw async::error(failure::precondition,
                           fmt::format("'{}' cannot be written: a directory has that name",
                                       tools_.context.lake.name_of(key)),
                           "Rename the directory, or give the archive another folder with ARCHIVE_PATH.");
}

awaitable<day_file*> staging::file_for(lake::day which) {
    auto found = files_.find(which);
    if (found == files_.end()) {
        const auto key = choose_file(which, tools_.context.compression, tools_.context.existing);
        must_not_be_directory(key);
        tools_.memory.take_for_files(file_memory +
                                     (tools_.context.existing.contains(key) ? existing_memory : 0));
        found = files_
                    .emplace(which, std::make_unique<day_file>(key, tools_.context.lake.name_of(key),
                                                               tools_.context.nonce, tools_.context.pages))
                    .first;
        auto& file = *found->second;
        file.whole_day = has_whole_day(tools_.context.rows, which);
        co_await prepare(file);
        late_.expect(file);
        if (file.existing) // publishing asks for its tags again: whether that is allowed must show before
            (void)co_await tools_.context.lake.content_of(*file.existing);
        ready_[which] = true;
        file_ready_.notify_all();
        co_return &file;
    }
    auto* file = found->second.get();
    while (!ready_[which])
        co_await file_ready_.wait();
    co_return file;
}

awaitable<void> staging::prepare(day_file& file) {
    queue_.set_target(file);
    const auto* const found = tools_.context.existing.find(file.key);
    if (found == nullptr)
        co_return co_await queue_.store_when_possible(file, tools_.header);
    file_adoption adoption(tools_, queue_, file, *found);
    co_await adoption.run();
}

bool staging::try_append(day_file& file, std::string_view row) {
    if (queue_.would_overtake(row.size()) || late_.must_wait(file, row))
        return false;
    if (file.may_hold_rows() && recognise_row(tools_, file, row)) {
        add_to_digest(row);
        ++tools_.context.report.rows_stored;
        return true;
    }
    // The count goes first: storing may seal the block.
    ++file.rows;
    if (!queue_.try_store(file, row)) {
        --file.rows;
        return false;
    }
    if (file.rows == 1)
        take_sample(tools_, file, row);
    add_to_digest(row);
    ++tools_.context.report.rows_read;
    tools_.context.report.bytes_read += row.size();
    return true;
}

awaitable<void> staging::append_when_possible(day_file& file, std::string_view row) {
    if (late_.must_wait(file, row))
        co_return co_await keep_late(file, row);
    co_await append_compared(file, row);
}

awaitable<void> staging::append_compared(day_file& file, std::string_view row) {
    add_to_digest(row);
    if (file.may_hold_rows() && recognise_row(tools_, file, row)) {
        ++tools_.context.report.rows_stored;
        co_return;
    }
    if (++file.rows == 1)
        take_sample(tools_, file, row);
    co_await queue_.store_when_possible(file, row);
    ++tools_.context.report.rows_read;
    tools_.context.report.bytes_read += row.size();
}

awaitable<bool> staging::take_as_recognised(day_file& file, lake::content_digest rows, std::string first) {
    if (rows == file.whole) {
        file.rows_recognised = rows.rows;
        take_sample(tools_, file, first);
        if (tools_.context.digest_rows)
            digest_.add(rows);
        co_return true;
    }
    (void)co_await remember_rows_in(tools_, file, tools_.context.existing.at(file.key));
    co_return false;
}

awaitable<void> staging::keep_late(day_file& file, std::string_view row) {
    late_.keep(file, row);
    while (auto* const largest = late_.too_large(files_))
        co_await settle_late_of(*largest);
}

awaitable<void> staging::settle_late() {
    for (const auto& [which, file] : files_)
        while (!file->late.kept.rows.empty())
            co_await settle_late_of(*file);
}

awaitable<void> staging::settle_late_of(day_file& file) {
    const auto late = late_.begin(file);
    co_await late_.compare(file);
    for (const auto& row : late.rows)
        co_await append_compared(file, row);
    late_.end(file, late);
}

void staging::finish(day_file& file) {
    if (file.finished)
        return;
    file.finished = true;
    if (file.has_tail())
        queue_.seal(file);
    forget_rows(tools_, file);
    if (file.other)
        forget_rows(tools_, *file.other);
    ++tools_.context.report.days_staged;
}

} // namespace archive
