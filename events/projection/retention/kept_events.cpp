#include "events/projection/retention/kept_events.hpp"

#include "events/projection/position_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace events {

namespace {

std::string_view clause_for(const kept_events& which) noexcept {
    if (which.has_begun)
        return "a projection, which does not move on, has not applied them";
    if (which.projection.empty())
        return "as far as this server knows, no projection has applied them";
    return "a projection, which reads the topic, has not begun with it";
}

std::string hint_for(const kept_events& which) {
    if (which.has_begun)
        return fmt::format("`event-archiver projections` shows its state; if nothing runs it any more:"
                           " event-archiver projections forget '{}'",
                           which.projection);
    if (which.projection.empty())
        return "run `event-archiver project`, and give this server the same PG_CONNECTION_STRING; if no"
               " projection reads it, name the topic in JOURNAL_UNREAD_TOPICS";
    return fmt::format("run `event-archiver project {}`, and give this server the same PG_CONNECTION_STRING;"
                       " if nothing is to run that projection, name the topic in JOURNAL_UNREAD_TOPICS",
                       projection_of(which.projection));
}

} // namespace

void kept_log::note(const retention_notes& found) {
    for (const auto& each : found.missed)
        if (missed_.insert(fmt::format("{} {}", each.topic, each.projection)).second)
            tell_of_missed(each);
    std::map<std::string, seen> now;
    for (const auto& each : found.kept) {
        const auto place = fmt::format("{}/{}", each.topic, each.partition);
        const auto before = seen_.find(place);
        const bool same = before != seen_.end() && before->second.projection == each.projection &&
                          before->second.at == each.at;
        const bool told = same && before->second.told;
        if (same && !told)
            tell(each);
        now.emplace(place, seen{each.projection, each.at, same});
    }
    seen_ = std::move(now);
}

// The projection runs elsewhere, if at all.
void kept_log::tell_of_missed(const missed_events& which) {
    log_.warn("journal.not_awaited",
              "old events are removed: others have applied them, and a projection that has not begun with the"
              " topic will not have them",
              {{"topic", which.topic},
               {"projection", which.projection},
               {"events", which.count},
               {"hint", "if it is to have the next ones, run it once; PROJECT names what this server waits"
                        " for"}});
}

void kept_log::tell(const kept_events& which) {
    const auto from = std::max(which.first, which.at);
    const auto why = fmt::format("events stay longer than JOURNAL_RETENTION and JOURNAL_MAX_BYTES say: {}",
                                 clause_for(which));
    const auto hint = hint_for(which);
    log_.warn("journal.kept", why,
              {{"topic", which.topic},
               {"position", from},
               {"events", which.end - from},
               {"projection", which.projection},
               {"hint", hint}});
}

} // namespace events
