// Tested by tests/integration/test_archived_events.py and tests/fault/test_projection_kills.py.
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "events/projection/follow/stream.hpp"
#include "events/projection/rebuild/rebuild.hpp"
#include "events/projection/topic_partition.hpp"

#include <fmt/format.h>

#include <utility>

namespace events {

namespace {

using async::failure;

awaitable<void> must_not_be_paused(db::connection& session, const named_projection& which,
                                   std::vector<topic_partition> partitions) {
    for (const auto& each : partitions) {
        position_key key{which.name, each.source->name(), each.partition};
        const auto row = co_await look_at(session, std::move(key));
        if (row && row->state == "paused")
            throw async::error(
                failure::precondition,
                fmt::format("projection '{}' is paused, and a rebuild of it applies events in place",
                            which.name),
                fmt::format("`event-archiver projections resume {}` first.", which.definition.name));
    }
}

} // namespace

awaitable<void> refill_projection(projection_session& session, journal& of, rebuild_request request,
                                  async::log& log) {
    const auto& which = request.which;
    const auto partitions = co_await partitions_of(of, which.definition.settings.topics);
    std::function<awaitable<void>(db::connection&)> setting_back =
        [&of, &request, &partitions, &log](db::connection& one) -> awaitable<void> {
        co_await must_not_be_paused(one, request.which, partitions);
        co_await replay_projection(one, of, request.which, request.from, log);
    };
    co_await session.use(std::move(setting_back));
    async::fault_point("refill-prepared");
    if (request.prepared)
        request.prepared();
    for (const auto& each : partitions) {
        stream_options options;
        options.once = true;
        options.worker = request.worker;
        projection_stream stream(session, *each.source, each.partition, which.name, which.definition,
                                 std::move(options), log);
        co_await run_shown(stream, request.applying);
    }
    log.info("projection.rebuilt", "applied the journal's events to the existing tables",
             {{"projection", which.name}});
}

} // namespace events
