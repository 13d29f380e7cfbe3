#include "archive/plan/planner.hpp"

#include "async/error.hpp"

#include <fmt/format.h>

#include <utility>

namespace archive {

std::string cutoff_sql(const settings& limits) {
    const auto exact = fmt::format("now() AT TIME ZONE 'UTC' - interval {}",
                                   db::connection::literal(limits.retention.interval));
    return fmt::format("greatest({}, timestamp '0001-01-01')",
                       limits.whole_days ? fmt::format("date_trunc('day', {})", exact) : exact);
}

awaitable<std::string> find_cutoff(db::connection& session, const settings& limits) {
    const auto found = co_await session.query(fmt::format("SELECT ({})::text", cutoff_sql(limits)));
    co_return std::string(found.text(0, 0));
}

awaitable<std::vector<const lake::listed_file*>> held_files(db::connection& session,
                                                            const lake::file_map& files) {
    const auto now =
        co_await session.query("SELECT to_char(t, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
                               " to_char(t + interval '10 years 2 days', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
                               " FROM (SELECT now() AT TIME ZONE 'UTC') AS now(t)");
    std::vector<const lake::listed_file*> held;
    for (const auto* file : files.with(lake::file_trait::held)) {
        const auto& until = file->mark.mark->held_until;
        if (until <= now.text(0, 0))
            continue;
        if (until > now.text(0, 1))
            throw async::error(async::failure::precondition,
                               fmt::format("'{}' is on hold until {}: a hold is at most 10 years long",
                                           file->properties.name, until),
                               "Set its metadata `archiverhold` to the moment that was meant, or remove it.");
        held.push_back(file);
    }
    co_return held;
}

awaitable<counted_plan> make_plan(db::connection& session, const table_description& table,
                                  const settings& limits, const plan_start& from, counting how) {
    selection rows;
    rows.upper = from.cutoff;
    rows.shard = limits.shard;
    rows.held = from.held;
    if (!from.lower_bound.empty())
        rows.lower = from.lower_bound;

    counted_plan made;
    const auto way = choose_reading(table);
    const bool limited = limits.days_max || limits.rows_max || limits.commit == commit_unit::day;
    const bool counted = way == reading::by_day || limited || how == counting::always;
    std::vector<planned_day> counts;
    if (counted) {
        const auto found = co_await session.query(count_days_sql(table, rows));
        for (int row = 0; row < found.rows(); ++row) {
            counts.push_back({lake::day::from_number(found.integer(row, 0)).value(),
                              static_cast<std::uint64_t>(found.integer(row, 1))});
            made.rows_due += counts.back().rows;
        }
        made.days_due = counts.size();
    }
    if (way == reading::by_day || how == counting::always) {
        const auto dayless = co_await session.query(count_dayless_sql(table, rows));
        made.rows_dayless = static_cast<std::uint64_t>(dayless.integer(0, 0));
    }
    auto whole_run = limits;
    whole_run.commit = commit_unit::run;
    const auto all = limit_days(way, rows, counts, whole_run, from.taken);
    made.days_of_run = all.days.size();
    for (const auto& each : all.days)
        made.rows_of_run += each.rows;
    made.chosen = limit_days(way, rows, std::move(counts), limits, from.taken);
    if (counted && made.chosen.days.empty())
        made.chosen.how = reading::by_day; // nothing to read, whichever way
    co_return made;
}

} // namespace archive
