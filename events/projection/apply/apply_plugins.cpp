#include "events/projection/apply/apply_plugins.hpp"

#include "async/caught.hpp"
#include "async/fault_point.hpp"
#include "events/projection/plugin_settings.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace events {

namespace {

// After this many events of which it applied none, a plugin is left out of the rest.
constexpr std::size_t refused_max = 1'000;
constexpr int passing_max = 3; // tries of an event that PostgreSQL cancels

bool deserves_another_try(const plugin_batch& batch, const std::string& plugin, const db::error& said) {
    return batch.patience == nullptr ||
           batch.patience->allows_another_try(batch.first, plugin, said.serialization_failure());
}

void log_failures(async::log& log, const plugin_batch& batch, const std::string& plugin, std::size_t count,
                  std::string_view why) {
    log.warn("projection.plugin_failed", "a plugin could not be applied to some events",
             {{"projection", batch.projection},
              {"plugin", plugin},
              {"first_position", batch.first},
              {"events", count},
              {"error.message", why}});
}

std::size_t count_of(const std::vector<event_range>& ranges) {
    std::size_t count = 0;
    for (const auto& each : ranges)
        count += each.size();
    return count;
}

// `settings`: those that the plugin finds each time, whatever it set the last time.
awaitable<std::size_t> apply_plugin(db::connection& session, const plugin& which, const plugin_batch& batch,
                                    const plugin_settings& settings, async::log& log) {
    statement_end setting_back = [&settings](db::connection& one) { return settings.set_back(one); };
    bisection untried(runs_of(batch.accepted, batch.events.events, which.apply));
    std::size_t failures = 0;
    bool applied_some = false;
    bool left_out = false; // what would be worth another try of the batch has had it
    int tries = 0;
    std::string first_reason;
    while (const auto range = untried.next()) {
        const auto said = co_await try_events(session, which.apply, part_of(batch.events, *range),
                                              refusal::server, setting_back);
        async::fault_point("projection-plugin");
        if (!said) {
            tries = 0;
            applied_some = true;
            untried.applied();
            continue;
        }
        const auto why = refusal_of(*said);
        if (why == refusal::server && !left_out && deserves_another_try(batch, which.name, *said))
            throw db::error(*said);
        left_out = left_out || why == refusal::server;
        if (why == refusal::passing && range->size() == 1 && ++tries < passing_max)
            continue; // the same again
        tries = 0;
        if (first_reason.empty())
            first_reason = said->message();
        const bool hopeless = why == refusal::statement || (!applied_some && failures >= refused_max);
        if (hopeless) {
            failures += range->size();
            untried.applied(); // there is nothing more to try
        } else if (untried.refused()) {
            ++failures;
        }
    }
    if (failures > 0)
        log_failures(log, batch, which.name, failures, first_reason);
    else if (batch.patience != nullptr)
        batch.patience->note_applied(which.name);
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
    plugin_settings settings;
    co_await settings.note(session);
    std::size_t failures = 0;
    for (const auto& each : plugins) {
        if (each.apply.statements.empty())
            continue;
        if (batch.patience != nullptr && batch.patience->ends_each_session(batch.first, each.name)) {
            const auto all = count_of(batch.accepted);
            log_failures(log, batch, each.name, all, "it ended its session each time");
            failures += all;
            continue;
        }
        const auto applied = co_await async::outcome_of(apply_plugin(session, each, batch, settings, log));
        if (applied.failed && !session.usable() && batch.patience != nullptr)
            batch.patience->note_ended_session(batch.first, each.name);
        if (applied.failed)
            std::rethrow_exception(applied.failed);
        failures += *applied.value;
    }
    co_return failures;
}

} // namespace events
