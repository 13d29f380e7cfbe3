#include "app/run/archived_events.hpp"

#include "archive/look/archived_times.hpp"
#include "archive/look/owner_look.hpp"
#include "archive/plan/planner.hpp"
#include "async/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>

namespace app {

namespace {

using async::awaitable;
using async::failure;

constexpr std::string_view nothing = "{}";

void must_be_its_table(const events::projection_definition& which, const configuration& settings) {
    const auto archived = events::table_names_from(settings.job.table);
    const auto is_archived = [&archived](const events::table_name& each) {
        return archived && std::ranges::find(*archived, each) != archived->end();
    };
    if (std::ranges::none_of(which.settings.tables, is_archived))
        throw async::error(
            failure::precondition,
            fmt::format("projection '{}' says replay_from = archive, and none of its tables is {}, which is"
                        " archived",
                        which.name, settings.job.table),
            "Set ARCHIVE_TABLE as `archive` has it, or say where to begin: --from POSITION.");
}

std::string text_of(std::span<const archive::time_range> ranges) {
    std::string array = "{";
    for (const auto& each : ranges)
        array += fmt::format("{}\"[{}Z,{}{})\"", array.size() == 1 ? "" : ",", each.from, each.before,
                             each.before == "infinity" ? "" : "Z");
    return array + "}";
}

awaitable<std::string> ranges_in_lake(const events::projection_definition& which,
                                      const configuration& settings, connections& with, async::log& log) {
    (void)co_await archive::tell_owner(with.database(), with.folder(), settings.job,
                                       archive::database_need::not_needed);
    const auto files = co_await with.folder().present_files();
    const auto ranges = files ? archive::archived_times(*files) : std::vector<archive::time_range>();
    log.info("projection.left_out", "events whose rows are archived are left out",
             {{"projection", which.name},
              {"from", ranges.empty() ? std::string() : ranges.front().from},
              {"before", ranges.empty() ? std::string() : ranges.back().before},
              {"ranges", ranges.size()}});
    co_return text_of(ranges);
}

awaitable<std::string> ranges_by_retention(const events::projection_definition& which,
                                           const configuration& settings, connections& with,
                                           async::log& log) {
    std::string cutoff;
    std::function<awaitable<void>(db::connection&)> asking =
        [&settings, &cutoff](db::connection& one) -> awaitable<void> {
        cutoff = co_await archive::find_cutoff(one, settings.job);
    };
    co_await db::with_session(with.database(), std::move(asking));
    log.warn("projection.left_out",
             "events older than the archive's cutoff are left out, and no setting names the storage account: "
             "whether their rows are archived is not known",
             {{"projection", which.name}, {"before", cutoff}});
    co_return fmt::format("{{\"[,{}Z)\"}}", cutoff);
}

} // namespace

std::optional<lake_place> lake_of_replay(const configuration& settings) {
    if (settings.account.blob.host.empty())
        return std::nullopt;
    return lake_place{settings.container, settings.job.folder};
}

awaitable<std::string> archived_ranges(const events::projection_definition& which,
                                       const configuration& settings, connections& with, async::log& log) {
    if (which.settings.replay_from != events::replay_scope::not_archived)
        co_return std::string(nothing);
    must_be_its_table(which, settings);
    if (lake_of_replay(settings))
        co_return co_await ranges_in_lake(which, settings, with, log);
    co_return co_await ranges_by_retention(which, settings, with, log);
}

} // namespace app
