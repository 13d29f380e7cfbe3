#include "archive/run/archive/tail_files.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/race.hpp"
#include "async/task_group.hpp"
#include "lake/conflict.hpp"

#include <algorithm>
#include <utility>

namespace archive {

using async::failure;

namespace {

bool is_tried(const day_file* file) noexcept { return file->state != day_file::publish_state::none; }

} // namespace

std::uint64_t tail_files::pending() const noexcept {
    const auto open = [](const day_file* file) {
        return file->state == day_file::publish_state::tried ||
               file->state == day_file::publish_state::published;
    };
    return static_cast<std::uint64_t>(std::ranges::count_if(files_, open));
}

awaitable<void> tail_files::publish(const publication& author) {
    context_.report.files_planned = files_.size();
    const auto step = [this, &author](std::size_t index) { return publish_one(*files_[index], author); };
    co_await async::for_each_bounded(files_.size(), context_.parallel, step);
}

// A request that has been sent is awaited, whatever happens meanwhile: if it were cut off, it could take
// effect after the files have been put back. No further request is sent.
awaitable<void> tail_files::publish_one(day_file& file, const publication& author) {
    if (context_.stop.requested() || publishing_failed_)
        async::throw_cancelled();
    try {
        steps_.must_be_held();
        co_await async::shielded(context_.publisher.publish(file, author));
        ++context_.report.files_done;
    } catch (...) {
        publishing_failed_ = true;
        throw;
    }
}

awaitable<void> tail_files::put_back(async::deadline deadline) {
    std::vector<day_file*> tried;
    std::ranges::copy_if(files_, std::back_inserter(tried), is_tried);
    const auto step = [this, &tried](std::size_t index) { return put_back_one(*tried[index]); };
    const auto left = co_await async::caught_error(
        async::with_deadline(async::for_each_bounded(tried.size(), context_.parallel, step), deadline,
                             "the files to be put back"));
    if (left)
        context_.log.warn(
            "put_back.failed",
            "a file still has rows that are also in the table: the next run removes them from it",
            {{"error.message", async::describe(left)}});
    else if (!tried.empty())
        context_.log.info("put_back", "the files are as they were before this run",
                          {{"files", tried.size()}});
    if (gone_)
        std::rethrow_exception(gone_);
}

awaitable<void> tail_files::put_back_one(day_file& file) {
    try {
        co_await context_.publisher.put_back(file);
    } catch (const lake::pending_changed& error) {
        gone_ = std::current_exception();
        context_.log.error("file.changed", error.message(),
                           {{"day", file.which().text()}, {"blob", file.name}});
    } catch (const async::error& error) {
        if (error.kind() != failure::integrity)
            throw;
        gone_ = std::current_exception();
        note_lost(file);
        context_.log.error("file.gone", error.message(), {{"day", file.which().text()}, {"blob", file.name}});
    }
}

// Before the first mark is cleared, the ledger: a run that finds a mark writes the ledger before it clears
// the mark.
awaitable<void> tail_files::finalise() {
    context_.report.files_planned = files_.size();
    std::vector<lake::ledger_entry> entries;
    for (const auto* file : files_)
        entries.push_back(lake::entry_of(file->name, *file->mark, file->etag, "archived"));
    const auto step = [this](std::size_t index) { return finalise_one(*files_[index]); };
    const auto all = [this, &entries, &step]() -> awaitable<void> {
        (void)co_await steps_.record(std::move(entries));
        co_await async::for_each_bounded(files_.size(), context_.parallel, step);
    };
    const auto failed = co_await async::caught_error(all());
    if (failed || left_)
        context_.log.warn("finalise.failed",
                          "a file is still marked as uncommitted: the next run clears the mark",
                          {{"error.message", async::describe(failed ? failed : left_)}});
    async::fault_point("finalised");
    if (gone_)
        std::rethrow_exception(gone_);
}

// The rows are safe and deleted. A file that is gone does not keep the others from being finished.
awaitable<void> tail_files::finalise_one(day_file& file) {
    try {
        co_await context_.publisher.finalise(file);
        ++context_.report.files_done;
    } catch (const lake::conflict&) {
        left_ = std::current_exception();
    } catch (const async::error& error) {
        if (error.kind() != failure::integrity)
            throw; // the storage service: the other files would fail too
        gone_ = std::current_exception();
        note_lost(file);
        context_.log.error("file.gone", error.message(),
                           {{"day", file.which().text()}, {"blob", file.name}, {"rows", file.rows}});
    }
}

void tail_files::note_lost(day_file& file) {
    file.state = day_file::publish_state::lost;
    context_.report.files_lost.push_back(file.name);
}

} // namespace archive
