#include "events/projection/kept_events.hpp"

#include "events/projection/position_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace events {

void kept_log::note(const std::vector<kept_events>& all) {
    std::map<std::string, seen> now;
    for (const auto& each : all) {
        if (each.gone) {
            if (gone_.insert(fmt::format("{} {}", each.topic, each.projection)).second)
                tell_of_gone(each);
            continue;
        }
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
void kept_log::tell_of_gone(const kept_events& which) {
    log_.warn("journal.not_awaited",
              "old events are removed: others have applied them, and a projection that has not begun with the"
              " topic will not have them",
              {{"topic", which.topic},
               {"projection", which.projection},
               {"events", which.end - which.first},
               {"hint", "if it is to have the next ones, run it once; PROJECT names what this server waits"
                        " for"}});
}

void kept_log::tell(const kept_events& which) {
    const auto from = std::max(which.first, which.at);
    const std::string_view why =
        which.has_begun ? "events stay longer than JOURNAL_RETENTION and JOURNAL_MAX_BYTES say: a projection,"
                          " which does not move on, has not applied them"
        : which.projection.empty()
            ? "events stay longer than JOURNAL_RETENTION and JOURNAL_MAX_BYTES say: as far as this"
              " server knows, no projection has applied them"
            : "events stay longer than JOURNAL_RETENTION and JOURNAL_MAX_BYTES say: a projection, which"
              " reads the topic, has not begun with it";
    const auto hint =
        which.has_begun
            ? fmt::format("`event-archiver projections` shows its state; if nothing runs it any more:"
                          " event-archiver projections forget '{}'",
                          which.projection)
            : fmt::format("run `event-archiver project{}{}`, and give this server the same"
                          " PG_CONNECTION_STRING; if {}, name the topic in JOURNAL_UNREAD_TOPICS",
                          which.projection.empty() ? "" : " ", projection_of(which.projection),
                          which.projection.empty() ? "no projection reads it"
                                                   : "nothing is to run that projection");
    log_.warn("journal.kept", why,
              {{"topic", which.topic},
               {"position", from},
               {"events", which.end - from},
               {"projection", which.projection},
               {"hint", hint}});
}

} // namespace events
