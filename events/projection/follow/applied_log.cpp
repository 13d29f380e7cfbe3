#include "events/projection/follow/applied_log.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace events {

namespace {

constexpr std::size_t told_max = 100;
constexpr std::size_t id_max = 128;

// Events of one request in a row.
struct told_id {
    std::string_view id;
    position first = 0;
    std::int64_t events = 0;
};

// Other programs write to topics of Kafka too: only short plain words are logged.
bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= id_max &&
           std::ranges::all_of(text, [](char each) { return each > ' ' && each < 0x7f; });
}

std::string_view id_of(const event& of) {
    for (const auto& header : of.headers)
        if ((header.name == "correlationId" || header.name == "x-correlation-id") && is_id(header.value))
            return header.value;
    return {};
}

} // namespace

void log_correlations(async::log& log, const applied_to& where, std::span<const recorded_event> applied) {
    std::vector<told_id> found;
    for (const auto& each : applied) {
        const auto id = id_of(each.content);
        if (id.empty())
            continue;
        if (found.empty() || found.back().id != id)
            found.push_back({id, each.at, 0});
        ++found.back().events;
    }
    const auto level = found.size() > told_max ? async::log_level::debug : async::log_level::info;
    if (!log.enabled(level))
        return;
    for (const auto& each : found) {
        const std::vector<async::log_field> fields{{"projection", where.projection},
                                                   {"topic", where.topic},
                                                   {"position", each.first},
                                                   {"events", each.events},
                                                   {"correlation_id", each.id}};
        const std::span<const async::log_field> told(fields);
        if (level == async::log_level::info)
            log.info("projection.applied", "events of a request were applied", told);
        else
            log.debug("projection.applied", "events of a request were applied", told);
    }
}

} // namespace events
