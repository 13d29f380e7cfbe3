#include "archive/run/file_check.hpp"

#include "archive/table/file_header.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "lake/content/row_judge.hpp"
#include "lake/folder/treatment.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace archive {

namespace {

std::chrono::sys_seconds clock_now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

} // namespace

awaitable<void> file_check::container_must_be_changeable() {
    if (std::exchange(container_looked_at_, true))
        co_return;
    auto& client = context_.lake.client();
    const auto container = co_await client.look_at_container();
    // An identity that may not look at the container asks each blob.
    blobs_may_be_immutable_ = !container || container->immutable_blobs_possible;
    if (!container)
        co_return;
    if (const auto found = lake::obstacle_of(*container, context_.lake.where()))
        throw async::error(found->kind, found->why, found->hint);
}

awaitable<void> file_check::must_be_writable(const std::vector<const lake::listed_file*>& files,
                                             std::string_view action) {
    const auto where = context_.lake.where();
    for (const auto* file : files) {
        const auto treated = lake::choose_treatment(file->properties, file->mark, where, clock_now());
        if (treated.because)
            throw lake::refused(file->properties.name, action, *treated.because);
    }
    if (!blobs_may_be_immutable_)
        co_return;
    // Listings do not tell.
    const auto look = [this, &files, &where, action](std::size_t index) -> awaitable<void> {
        const auto now = co_await context_.lake.look(files[index]->properties.name);
        const auto found = now ? lake::obstacle_of(now->properties, where, clock_now()) : std::nullopt;
        if (found)
            throw lake::refused(files[index]->properties.name, action, *found);
    };
    co_await async::for_each_bounded(files.size(), context_.settings.parallel, look);
}

awaitable<bool> convert_append_blobs(run_tools& tools, const run_transaction& opened,
                                     std::vector<const lake::listed_file*> files, append_content content) {
    bool converted = false;
    for (const auto* file : files)
        if (file->properties.type == azure::blob_type::append) {
            co_await tools.lease.ready_to_write();
            const auto expected = expected_of(opened.table, file->key().which);
            co_await tools.converter.convert(*file,
                                             content == append_content::is_checked ? &expected : nullptr);
            converted = true;
        }
    co_return converted;
}

} // namespace archive
