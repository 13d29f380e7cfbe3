#include "app/serve/status/status_document.hpp"

#include "app/text/export_json.hpp"
#include "app/text/utf8.hpp"
#include "db/condition_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace app {

namespace {

namespace json = boost::json;
using clock = std::chrono::system_clock;

double seconds_between(clock::time_point from, clock::time_point to) {
    return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

std::optional<events::position> end_of(const events::position_key& key, const journal_facts& journal) {
    const auto found = std::ranges::find_if(journal.topics, [&key](const topic_facts& each) {
        return each.topic == key.topic && each.partition == key.partition;
    });
    return found == journal.topics.end() ? std::nullopt : std::optional(found->there.end);
}

events::position_key key_of(const events::stream_progress& stream) {
    return {stream.projection, stream.topic, stream.partition};
}

// A stream that does not read, because it is paused or has no database, does not see the end of its topic.
projection_facts facts_here(const events::stream_progress& stream, const journal_facts& journal,
                            clock::time_point now) {
    projection_facts made;
    made.key = key_of(stream);
    made.state = events::to_string(stream.state);
    made.here = true;
    made.position = stream.next;
    made.end = std::max({stream.end, stream.written, end_of(made.key, journal).value_or(0)});
    const bool behind = *made.end > stream.next;
    if (!behind || stream.behind() > 0)
        made.behind_seconds = behind ? stream.behind_time(now).count() : 0;
    if (behind)
        made.idle_seconds = seconds_between(stream.moved, now);
    return made;
}

void add_known(projection_facts& made, const events::position_overview& row) {
    made.letters = row.letters;
    made.reason = row.reason;
    if (made.here)
        return;
    made.position = row.next;
    made.state = events::is_rebuild(made.key.projection) ? "rebuilding" : row.state;
    made.idle_seconds = row.idle_seconds;
}

// Adds what the database alone does not know of a position that other processes move.
void judge(projection_facts& made, const journal_facts& journal,
           std::span<const events::stream_progress> elsewhere, clock::time_point now) {
    made.end = end_of(made.key, journal);
    const bool behind = made.end && made.position && *made.end > *made.position;
    if (!behind) {
        made.idle_seconds.reset();
        if (made.end)
            made.behind_seconds = 0;
        return;
    }
    const auto seen = std::ranges::find(elsewhere, made.key, key_of);
    if (seen != elsewhere.end() && seen->oldest)
        made.behind_seconds = seen->behind_time(now).count();
    if (made.state == "running" && made.idle_seconds && *made.idle_seconds > unattended_after)
        made.state = "unattended";
}

template <typename Number>
json::value value_or_null(const std::optional<Number>& number) {
    return number ? json::value(*number) : json::value(nullptr);
}

json::array samples_of(const position_history& history, const std::string& name) {
    json::array made;
    for (const auto& each : history.samples(name)) {
        json::array pair;
        pair.emplace_back(
            std::chrono::duration_cast<std::chrono::milliseconds>(each.at.time_since_epoch()).count());
        pair.emplace_back(each.position);
        made.emplace_back(std::move(pair));
    }
    return made;
}

json::object json_of_key(const events::position_key& key) {
    json::object made;
    made["projection"] = valid_utf8(key.projection);
    made["topic"] = valid_utf8(key.topic);
    made["partition"] = key.partition;
    return made;
}

} // namespace

std::string history_name(const topic_facts& topic) {
    return fmt::format("{}/{}", topic.topic, topic.partition);
}

std::string history_name(const events::position_key& key) {
    return fmt::format("{}/{}/{}", key.projection, key.topic, key.partition);
}

std::vector<projection_facts> projections_of(std::span<const events::stream_progress> here,
                                             std::span<const events::stream_progress> elsewhere,
                                             const std::optional<events::projection_overview>& known,
                                             const journal_facts& journal, clock::time_point now) {
    std::map<events::position_key, projection_facts> all;
    for (const auto& each : here)
        all.emplace(key_of(each), facts_here(each, journal, now));
    if (known) {
        for (const auto& each : known->positions) {
            auto& made = all[each.key];
            made.key = each.key;
            add_known(made, each);
        }
    } else {
        for (const auto& each : elsewhere) {
            auto& made = all[key_of(each)];
            made.key = key_of(each);
            made.state = events::to_string(each.state);
            made.position = each.next;
        }
    }
    std::vector<projection_facts> found;
    for (auto& [key, each] : all) {
        if (!each.here)
            judge(each, journal, elsewhere, now);
        found.push_back(std::move(each));
    }
    return found;
}

json::object json_of(const journal_facts& journal, const position_history& history) {
    json::object made;
    made["engine"] = journal.in_kafka ? "kafka" : "segments";
    made["place"] = valid_utf8(journal.place);
    made["problem"] = text_or_null(journal.problem);
    made["batches_pending"] = journal.batches_pending;
    made["bytes_pending"] = journal.bytes_pending;
    made["topics_left_out"] = journal.topics_left_out;
    json::array topics;
    for (const auto& each : journal.topics) {
        json::object topic;
        topic["topic"] = valid_utf8(each.topic);
        topic["partition"] = each.partition;
        topic["begin"] = each.there.begin;
        topic["end"] = each.there.end;
        topic["bytes"] = journal.in_kafka ? json::value(nullptr) : json::value(each.there.bytes);
        topic["samples"] = samples_of(history, history_name(each));
        topics.emplace_back(std::move(topic));
    }
    made["topics"] = std::move(topics);
    return made;
}

json::array json_of(std::span<const projection_facts> all, const position_history& history) {
    json::array made;
    for (const auto& each : all) {
        auto one = json_of_key(each.key);
        one["state"] = each.state;
        one["reason"] = text_or_null(each.reason);
        one["here"] = each.here;
        one["position"] = value_or_null(each.position);
        one["end"] = value_or_null(each.end);
        one["behind"] = each.end && each.position
                            ? json::value(std::max<events::position>(0, *each.end - *each.position))
                            : json::value(nullptr);
        one["behind_seconds"] = value_or_null(each.behind_seconds);
        one["idle_seconds"] = value_or_null(each.idle_seconds);
        one["dead_letters"] = value_or_null(each.letters);
        one["dead_letters_or_more"] = each.letters && *each.letters >= events::letters_counted_max;
        one["samples"] = samples_of(history, history_name(each.key));
        made.emplace_back(std::move(one));
    }
    return made;
}

json::array json_of(std::span<const events::letter_overview> letters) {
    json::array made;
    for (const auto& each : letters) {
        auto one = json_of_key(each.key);
        one["position"] = each.at;
        one["failed_at"] = each.failed_at;
        // The server's own words may hold values of the event; the name of the condition does not.
        const auto state = db::known_state(each.sqlstate);
        one["sqlstate"] = json::string_view(state);
        one["reason"] = json::string_view(db::condition_name(state));
        made.emplace_back(std::move(one));
    }
    return made;
}

json::object json_of(std::span<const readiness_check> checks) {
    json::object made;
    for (const auto& each : checks)
        made[json::string_view(each.name)] = each.problem.empty() ? "ok" : valid_utf8(each.problem);
    return made;
}

} // namespace app
