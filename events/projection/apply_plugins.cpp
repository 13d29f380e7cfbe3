#include "events/projection/apply_plugins.hpp"

#include "async/fault_point.hpp"

#include <array>
#include <string>
#include <utility>

namespace events {

namespace {

// After this many events of which it applied none, a plugin is left out of the rest.
constexpr std::size_t refused_max = 1'000;
constexpr int passing_max = 3;  // tries of an event that PostgreSQL cancels
constexpr int patience_max = 3; // tries of a batch

bool out_of_patience(const plugin_batch& batch) {
    if (batch.patience == nullptr)
        return false;
    if (batch.patience->batch != batch.first)
        *batch.patience = {batch.first, 0};
    return ++batch.patience->tries >= patience_max;
}

// Settings that decide what the next plugin, and our own statements, do.
using kept_settings = std::array<std::string, 4>;

awaitable<kept_settings> current_settings(db::connection& session) {
    kept_settings kept;
    const auto found = co_await session.query(
        "SELECT pg_catalog.current_setting('search_path'), pg_catalog.current_setting('role'),"
        " pg_catalog.current_setting('statement_timeout'), pg_catalog.current_setting('lock_timeout')");
    for (int each = 0; std::cmp_less(each, kept.size()); ++each)
        kept.at(static_cast<std::size_t>(each)) = found.text(0, each);
    co_return kept;
}

awaitable<void> set_back(db::connection& session, const kept_settings& kept) {
    (void)co_await session.query(
        "SELECT pg_catalog.set_config('search_path', $1, true), pg_catalog.set_config('role', $2, true),"
        " pg_catalog.set_config('statement_timeout', $3, true),"
        " pg_catalog.set_config('lock_timeout', $4, true)",
        kept[0], kept[1], kept[2], kept[3]);
}

// `settings`: those that the plugin finds each time, whatever it set the last time.
awaitable<std::size_t> apply_plugin(db::connection& session, const plugin& which, const plugin_batch& batch,
                                    const kept_settings& settings, async::log& log) {
    bisection left(runs_of(batch.accepted, batch.events.events, which.apply));
    std::size_t failures = 0;
    bool applied_some = false;
    bool left_out = false; // what would be worth another try of the batch has had it
    int tries = 0;
    std::string first;
    while (const auto range = left.next()) {
        const auto said =
            co_await try_events(session, which.apply, part_of(batch.events, *range), refusal::server);
        async::fault_point("projection-plugin");
        if (!said) {
            tries = 0;
            applied_some = true;
            left.applied();
            co_await set_back(session, settings); // where it failed, the savepoint has done that
            continue;
        }
        const auto why = refusal_of(*said);
        if (why == refusal::server && !left_out && !out_of_patience(batch))
            throw db::error(*said);
        left_out = left_out || why == refusal::server;
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
    const auto settings = co_await current_settings(session);
    std::size_t failures = 0;
    for (const auto& each : plugins) {
        if (each.apply.statements.empty())
            continue;
        failures += co_await apply_plugin(session, each, batch, settings, log);
    }
    co_return failures;
}

} // namespace events
