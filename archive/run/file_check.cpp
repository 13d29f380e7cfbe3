// What is looked at, and done, before the first row is read: a file that cannot be written to ends the run
// here, by name, and an append blob is converted.

#include "archive/plan/row_sample.hpp"
#include "archive/run/archive_transaction.hpp"
#include "archive/table/file_header.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"
#include "azure/blob/error.hpp"
#include "lake/row_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Of a row as CSV, on the average of a day. Tables with larger rows have few of them.
constexpr std::uint64_t row_bytes_conceivable = std::uint64_t{1} << 20;

std::chrono::sys_seconds clock_now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// The answer by which the service says that a blob, as it is, cannot be written to or read.
std::optional<azure::storage_error> forbidden_by_blob(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const azure::storage_error& error) {
        return error.blob_forbids() && !error.blob().empty() ? std::optional(error) : std::nullopt;
    } catch (...) {
        return std::nullopt;
    }
}

} // namespace

// A policy or hold on the container forbids to take back what was published. Looked at once: it is a request.
awaitable<void> job::must_be_changeable() {
    if (std::exchange(container_looked_at_, true))
        co_return;
    auto& client = context_.lake.client();
    const auto container = co_await client.look_at_container();
    // Who may not look at the container asks each blob.
    blobs_may_be_immutable_ = !container || container->immutable_blobs_possible;
    if (!container)
        co_return;
    if (const auto found = lake::obstacle_of(*container, context_.lake.where()))
        throw async::error(found->kind, found->why, found->hint);
}

// The days whose files a run will write to, if it needs to be known: without an index it takes a pass over
// the table, which is worth it only if a file is in the way or wants more than appending.
awaitable<std::vector<planned_day>> job::days_due(unit& work) {
    if (work.plan.how == reading::by_day)
        co_return work.plan.days;
    const auto where = context_.lake.where();
    const auto simple = [&where](const auto& entry) {
        const auto& file = entry.second;
        return lake::choose_treatment(file.properties, file.mark, where, clock_now()).what ==
               lake::treatment::append;
    };
    std::vector<planned_day> due;
    if (std::ranges::all_of(work.files, simple))
        co_return due;
    const auto found = co_await work.session.query(count_days_sql(work.table, work.plan.rows));
    for (int row = 0; row < found.rows(); ++row)
        due.push_back({lake::day::from_number(found.integer(row, 0)).value(),
                       static_cast<std::uint64_t>(found.integer(row, 1))});
    co_return due;
}

awaitable<bool> job::prepare_files(unit& work) {
    const async::span shown(context_.sink, "job", "look at files");
    co_await must_be_changeable();
    std::vector<const lake::lake_file*> existing;
    for (const auto& planned : co_await days_due(work)) {
        const auto key = choose_file(planned.which, context_.settings.compression, work.files);
        if (const auto found = work.files.find(key); found != work.files.end())
            existing.push_back(&found->second);
    }
    co_await must_be_writable(existing, "appended to");
    co_await estimate_rows(work);
    co_return co_await convert(work, existing);
}

// Throws for the first that is not.
awaitable<void> job::must_be_writable(const std::vector<const lake::lake_file*>& files,
                                      std::string_view what) {
    const auto where = context_.lake.where();
    for (const auto* file : files) {
        const auto treated = lake::choose_treatment(file->properties, file->mark, where, clock_now());
        if (treated.because)
            throw lake::refused(file->properties.name, what, *treated.because);
    }
    if (!blobs_may_be_immutable_)
        co_return;
    // Listings do not tell.
    const auto look = [this, &files, &where, what](std::size_t index) -> awaitable<void> {
        const auto now = co_await context_.lake.look(files[index]->properties.name);
        const auto found = now ? lake::obstacle_of(now->properties, where, clock_now()) : std::nullopt;
        if (found)
            throw lake::refused(files[index]->properties.name, what, *found);
    };
    co_await async::for_each_bounded(files.size(), context_.settings.parallel, look);
}

// True if the folder is no longer as it was listed.
awaitable<bool> job::convert(unit& work, const std::vector<const lake::lake_file*>& files) {
    bool converted = false;
    for (const auto* file : files)
        if (file->properties.type == azure::blob_type::append) {
            co_await lease_.ready_to_write();
            const auto expected = expected_of(work.table, file->key().which);
            co_await converter_.convert(*file, expected);
            converted = true;
        }
    co_return converted;
}

awaitable<std::uint64_t> job::finish_conversions(unit& work) {
    for (const auto& [key, copy] : work.copies) {
        const auto original = work.files.find(key);
        co_await converter_.settle(copy, original == work.files.end() ? nullptr : &original->second);
    }
    co_return work.copies.size();
}

// A day that cannot fit is refused before it is read. Days of so few rows that they fit in any case are not
// sampled.
awaitable<void> job::estimate_rows(unit& work) {
    const lake::block_memory memory{context_.pages.capacity_pages() * async::page_size,
                                    context_.settings.parallel};
    const auto room = lake::room_behind(0, memory);
    const auto largest = std::ranges::max_element(work.plan.days, {}, &planned_day::rows);
    if (largest == work.plan.days.end() || largest->rows <= room / row_bytes_conceivable)
        co_return;
    const auto size = co_await sample_rows(work.session, work.table, work.plan, context_.report.rows_planned);
    work.row_bytes = size.mean;
    if (const auto found = lake::too_large(largest->which, largest->rows, size.mean, room))
        throw async::error(found->kind, found->why, found->hint);
}

// What the service says of a leased, immutable, … blob does not say what to do about it; the blob itself
// does.
awaitable<std::exception_ptr> job::explained(std::exception_ptr failed) {
    const auto answer = forbidden_by_blob(failed);
    if (!answer)
        co_return failed;
    std::optional<lake::lake_file> now;
    try {
        now = co_await context_.lake.look(answer->blob());
    } catch (const async::error&) {
        now.reset(); // what was answered before says enough
    }
    if (!now)
        co_return failed;
    auto found = lake::obstacle_of(now->properties, context_.lake.where(), clock_now());
    if (!found)
        found = lake::refusal_for(answer->service_code(), now->properties);
    co_return found ? std::make_exception_ptr(lake::refused(answer->blob(), "written to", *found)) : failed;
}

} // namespace archive
