#include "app/observe/backlog_progress.hpp"

#include "app/observe/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <string_view>

namespace app {

namespace {

constexpr std::chrono::seconds shown_after{1}; // a batch that comes and is applied is no backlog

double share_of(std::uint64_t done, std::uint64_t behind) {
    return static_cast<double>(done) / static_cast<double>(done + behind);
}

} // namespace

progress_facts backlog_progress::note(const std::vector<events::stream_progress>& streams,
                                      clock::time_point now) {
    for (auto& [name, each] : parts_) {
        each.done = each.behind = 0;
        each.partitions = 0;
    }
    for (const auto& stream : streams) {
        auto& mine = parts_[{stream.projection, stream.topic}];
        ++mine.partitions;
        mine.next = stream.next;
        if (stream.state != events::stream_state::running) // another process applies it, or no process does
            continue;
        auto& began = mine.began.try_emplace(stream.partition, stream.next).first->second;
        began = std::min(began, stream.next); // it may have been set back
        mine.done += static_cast<std::uint64_t>(stream.next - began);
        mine.behind += static_cast<std::uint64_t>(stream.readable());
    }
    progress_facts all;
    all.phase = phase_;
    std::uint64_t done = 0;
    std::uint64_t behind = 0;
    std::set<std::string_view> names;
    for (auto& [name, each] : parts_) {
        end_note(each, now);
        if (!each.since || now - *each.since < shown_after)
            continue;
        done += each.done;
        behind += each.behind;
        names.insert(name.first);
        all.in_phase = std::max<std::chrono::duration<double>>(all.in_phase, now - *each.since);
    }
    all.idle = names.empty();
    if (all.idle)
        return all;
    all.events = done;
    all.share = share_of(done, behind);
    all.counts =
        names.size() == 1 ? std::string(*names.begin()) : fmt::format("{} projections", names.size());
    return all;
}

void backlog_progress::end_note(part& of, clock::time_point now) const {
    if (of.behind == 0) {
        of.began.clear();
        of.since.reset();
        of.facts = {};
        of.meter = {};
        return;
    }
    of.since = of.since.value_or(now);
    of.facts.events = of.done;
    of.facts.share = share_of(of.done, of.behind);
    of.facts.in_phase = now - *of.since;
    of.meter.note(of.facts, now);
}

void backlog_progress::log(async::log& log) const {
    const bool any =
        std::ranges::any_of(parts_, [](const auto& each) { return each.second.since.has_value(); });
    for (const auto& [name, each] : parts_) {
        if (any && !each.since)
            continue;
        std::vector<async::log_field> fields{{"projection", name.first}, {"topic", name.second}};
        if (each.partitions == 1)
            fields.emplace_back("position", each.next);
        fields.emplace_back("behind", each.behind);
        add_pace(fields, each.facts, {each.meter.speed(), each.meter.left()});
        log.info("progress", each.since ? "a projection is at work" : "a projection waits for events",
                 std::span<const async::log_field>(fields));
    }
}

} // namespace app
