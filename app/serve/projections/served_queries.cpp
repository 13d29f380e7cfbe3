#include "app/serve/projections/served_queries.hpp"

#include "app/run/projections/projections_of.hpp"
#include "app/serve/api_operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace app {

namespace {

// True if an operation of the service itself has the route.
bool is_taken(std::string_view path) {
    return std::ranges::any_of(api_operations(), [path](const api_operation& each) {
        return each.method == "GET" && events::same_route(each.path, path);
    });
}

} // namespace

events::query_set served_queries(const std::vector<events::projection_definition>& definitions,
                                 const configuration& settings) {
    std::vector<events::query_place> places;
    std::vector<std::string> mistakes;
    for (const auto& each : definitions) {
        // A mistake in another file than projection.conf may be mended while the projection waits.
        if (!each.mistake.empty() && !(each.is_configured && roles_of(each, settings).runs_here)) {
            mistakes.push_back(each.mistake);
            continue;
        }
        events::query_place place{each.name, {}, each.api};
        for (const auto& table : each.settings.tables)
            if (std::ranges::find(place.schemas, table.schema) == place.schemas.end())
                place.schemas.push_back(table.schema);
        places.push_back(std::move(place));
    }
    auto set = events::read_queries(places);
    std::erase_if(set.queries, [&set](const auto& each) {
        const bool taken = is_taken(each->read.path);
        if (taken)
            set.mistakes.push_back(fmt::format("'{}', line 1: the route GET {} is the service's own",
                                               each->file, each->read.path));
        return taken;
    });
    set.mistakes.insert(set.mistakes.begin(), mistakes.begin(), mistakes.end());
    return set;
}

} // namespace app
