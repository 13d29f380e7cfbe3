#include "archive/run/archive/prepare_files.hpp"

#include "archive/plan/row_sample.hpp"
#include "async/error.hpp"
#include "lake/folder/treatment.hpp"

#include <algorithm>
#include <chrono>

namespace archive {

namespace {

// Of a row as CSV, on the average of a day. Tables with larger rows have few of them.
constexpr std::uint64_t row_bytes_conceivable = std::uint64_t{1} << 20;

bool is_simple(const lake::listed_file& file, const lake::place& where) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    return lake::choose_treatment(file.properties, file.mark, where, now).treatment ==
           lake::treatment::append;
}

bool all_are_simple(const lake::file_map& files, const lake::place& where) {
    for (const auto& [key, file] : files)
        if (!is_simple(file, where))
            return false;
    return true;
}

// Does nothing where the plan does not know the days and no file needs more than appending.
awaitable<std::vector<planned_day>> days_due(const run_context& context, const archive_transaction& work) {
    if (work.plan.how == reading::by_day)
        co_return work.plan.days;
    const auto where = context.lake.where();
    std::vector<planned_day> due;
    if (all_are_simple(work.opened.files, where))
        co_return due;
    const auto found = co_await work.opened.session.query(count_days_sql(work.opened.table, work.plan.rows));
    for (int row = 0; row < found.rows(); ++row)
        due.push_back({lake::day::from_number(found.integer(row, 0)).value(),
                       static_cast<std::uint64_t>(found.integer(row, 1))});
    co_return due;
}

} // namespace

awaitable<std::vector<const lake::listed_file*>> files_to_append_to(const run_context& context,
                                                                    const archive_transaction& work) {
    const auto& files = work.opened.files;
    std::vector<const lake::listed_file*> existing;
    for (const auto& planned : co_await days_due(context, work)) {
        const auto key = choose_file(planned.which, context.settings.compression, files);
        if (const auto* const found = files.find(key); found != nullptr)
            existing.push_back(found);
    }
    co_return existing;
}

awaitable<double> estimate_row_bytes(const run_context& context, const archive_transaction& work) {
    const lake::block_memory memory{context.pages.capacity_pages() * async::page_size,
                                    context.settings.parallel};
    const auto room = lake::room_behind(0, memory);
    const auto largest = std::ranges::max_element(work.plan.days, {}, &planned_day::rows);
    if (largest == work.plan.days.end() || largest->rows <= room / row_bytes_conceivable)
        co_return 0;
    const auto size =
        co_await sample_rows(work.opened.session, work.opened.table, work.plan, context.report.rows_planned);
    if (const auto found = lake::too_large(largest->which, largest->rows, size.mean, room))
        throw async::error(found->kind, found->why, found->hint);
    co_return size.mean;
}

} // namespace archive
