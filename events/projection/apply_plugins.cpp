#include "events/projection/apply_plugins.hpp"

#include "async/fault_point.hpp"
#include "events/projection/apply_batch.hpp"

namespace events {

namespace {

// After this many events of which it applied none, a plugin is left out of the rest.
constexpr std::size_t refused_max = 1'000;
constexpr int passing_max = 3; // tries of an event that PostgreSQL cancels

awaitable<std::size_t> apply_plugin(db::connection& session, const plugin& which, const plugin_batch& batch,
                                    async::log& log) {
    bisection left(runs_of(batch.accepted, batch.events.events, which.apply));
    std::size_t failures = 0;
    bool applied_some = false;
    int tries = 0;
    std::string first;
    while (const auto range = left.next()) {
        const auto said =
            co_await try_events(session, which.apply, part_of(batch.events, *range), refusal::statement);
        async::fault_point("projection-plugin");
        if (!said) {
            tries = 0;
            applied_some = true;
            left.applied();
            continue;
        }
        const auto why = refusal_of(*said);
        if (why == refusal::passing && range->size() == 1 && ++tries < passing_max)
            continue; // the same again
        tries = 0;
        first = first.empty() ? said->message() : first;
        const bool hopeless = why == refusal::statement || (!applied_some && failures >= refused_max);
        if (hopeless) {
            failures += range->size();
            left.applied();
        } else if (left.refused()) {
            ++failures;
        }
    }
    if (failures > 0)
        log.warn("projection.plugin_failed", "a plugin could not be applied to some events",
                 {{"projection", batch.projection},
                  {"plugin", which.name},
                  {"first_position", batch.first},
                  {"events", failures},
                  {"error.message", first}});
    co_return failures;
}

} // namespace

events_to_apply part_of(const events_to_apply& whole, event_range range) {
    return {whole.events.subspan(range.begin, range.size()), whole.from, whole.left_out};
}

std::vector<event_range> runs_of(std::vector<event_range> ranges, event_list events, const apply_sql& sql) {
    if (!sql.needs_positions())
        return ranges;
    std::vector<event_range> runs;
    for (const auto& each : ranges) {
        auto begin = each.begin;
        for (auto at = each.begin + 1; at < each.end; ++at)
            if (events[at].at != events[at - 1].at + 1) {
                runs.push_back({begin, at});
                begin = at;
            }
        if (begin < each.end)
            runs.push_back({begin, each.end});
    }
    return runs;
}

awaitable<std::size_t> apply_plugins(db::connection& session, const std::vector<plugin>& plugins,
                                     const plugin_batch& batch, async::log& log) {
    // A constraint that apply.sql has deferred must not fail in a plugin's savepoint.
    co_await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    std::size_t failures = 0;
    for (const auto& each : plugins)
        if (!each.apply.statements.empty())
            failures += co_await apply_plugin(session, each, batch, log);
    co_return failures;
}

} // namespace events
