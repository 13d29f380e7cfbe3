#include "archive/forecast.hpp"

#include "archive/planner.hpp"
#include "db/transaction.hpp"

#include <algorithm>
#include <set>

namespace archive {

namespace {

constexpr std::uint64_t sample_all_below = 2'000; // rows
constexpr std::size_t clusters = 64;
constexpr std::size_t cluster_rows = 8;

// Reads a sample and sums it up in clusters.
awaitable<void> read_sample(db::connection& session, std::string sql, std::vector<sampled_cluster>& sample) {
    auto copy = co_await session.start_copy_out(sql);
    sampled_cluster cluster;
    do {
        while (const auto row = copy.next()) {
            cluster.bytes += row->text().size();
            if (++cluster.rows < cluster_rows)
                continue;
            sample.push_back(cluster);
            cluster = {};
        }
    } while (co_await copy.wait());
    if (cluster.rows > 0)
        sample.push_back(cluster);
}

awaitable<row_size> sample_rows(db::connection& session, const table_description& table, const plan& chosen,
                                std::uint64_t rows) {
    std::vector<sampled_cluster> sample;
    if (rows == 0)
        co_return row_size{};
    if (rows <= sample_all_below) {
        co_await read_sample(session, copy_day_sql(table, chosen.rows), sample);
    } else if (chosen.how == reading::by_day) {
        for (const auto& point : sample_points(chosen.days, clusters)) {
            auto sql = sample_since_sql(table, one_day(chosen.rows, point.which), point.since, cluster_rows);
            co_await read_sample(session, std::move(sql), sample);
        }
    } else {
        const auto percent = 100.0 * static_cast<double>(sample_all_below) / static_cast<double>(rows);
        co_await read_sample(session, sample_pages_sql(table, chosen.rows, std::min(percent, 100.0)), sample);
    }
    // Few pages can leave a sample without a due row.
    if (sample.empty())
        co_await read_sample(session, sample_since_sql(table, chosen.rows, chosen.rows.lower, clusters),
                             sample);
    co_return estimate_row_size(sample, rows);
}

forecast_day describe_day(const planned_day& planned, const file_key& key, const file_map& present,
                          const lake& folder) {
    forecast_day made{planned.which, planned.rows, 0, folder.name_of(key)};
    if (const auto found = present.find(key); found != present.end()) {
        const auto file = describe_file(found->second);
        made.action = action_for(&file);
        made.note = file.note;
    }
    return made;
}

} // namespace

std::string_view to_string(file_action action) noexcept {
    switch (action) {
    case file_action::create:
        return "new";
    case file_action::append:
        return "append";
    case file_action::adopt:
        return "adopt";
    case file_action::settle:
        return "pending";
    case file_action::refuse:
        break;
    }
    return "refused";
}

file_action action_for(const archived_file* file) noexcept {
    if (file == nullptr)
        return file_action::create;
    switch (file->state) {
    case file_state::final:
    case file_state::held: // its hold has run out, or it would not be due
        return file_action::append;
    case file_state::pending:
        return file_action::settle;
    case file_state::foreign:
        return file->appendable ? file_action::adopt : file_action::refuse;
    case file_state::unreadable:
        break;
    }
    return file_action::refuse;
}

namespace {

awaitable<void> look(db::connection& session, look_context& context, forecast& seen) {
    auto limits = context.settings;
    limits.commit = commit_unit::run; // all days of the run, however many transactions it makes of them
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    const auto table = co_await describe_table(session, limits.table, limits.time_column, limits.key_column);
    context.report.enter(run_phase::planning);
    plan_start from;
    from.cutoff = co_await find_cutoff(session, limits);
    const auto files = co_await context.lake.present_files();

    seen.container_exists = files.has_value();
    const auto present = files.value_or(file_map());
    std::set<day> held;
    for (const auto* file : co_await held_files(session, present))
        held.insert(file->key().which);
    from.held.assign(held.begin(), held.end());
    seen.held = from.held;
    const auto made = co_await make_plan(session, table, limits, from, counting::always);
    for (const auto& [key, file] : present)
        seen.files_pending += describe_file(file).state == file_state::pending ? 1 : 0;
    seen.cutoff = from.cutoff;
    seen.table = table.name;
    seen.how = choose_reading(table);
    seen.rows_dayless = made.rows_dayless;
    for (const auto& planned : made.chosen.days) {
        const auto key = choose_file(planned.which, limits.compression, present);
        seen.days.push_back(describe_day(planned, key, present, context.lake));
        seen.rows += planned.rows;
    }
    seen.days_left = made.days_due - seen.days.size();
    seen.rows_left = made.rows_due - seen.rows;

    seen.size = co_await sample_rows(session, table, made.chosen, seen.rows);
    for (auto& planned : seen.days) {
        planned.bytes = static_cast<std::uint64_t>(seen.size.mean * static_cast<double>(planned.rows) + 0.5);
        seen.bytes += planned.bytes;
    }
    work_size work{seen.days.size(), seen.rows, seen.bytes};
    if (seen.how == reading::by_page_range)
        work.bytes_table = table.pages * 8'192;
    seen.duration = expected_duration(work, limits);
    seen.memory = expected_memory(limits);
    co_await transaction.rollback(); // it has only read
}

} // namespace

awaitable<forecast> look_ahead(look_context context) {
    forecast seen;
    context.report.enter(run_phase::connecting);
    co_await with_session(context.database, [&context, &seen](db::connection& session) {
        return look(session, context, seen);
    });
    co_return seen;
}

} // namespace archive
