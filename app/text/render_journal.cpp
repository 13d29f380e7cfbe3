#include "app/text/render_journal.hpp"

#include "app/text/text_table.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"
#include "async/utc_time.hpp"
#include "events/projection/apply/batch_values.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace app {

namespace {

namespace json = boost::json;

std::uint64_t count_of(const partition_facts& each) {
    return static_cast<std::uint64_t>(each.end - each.begin);
}

std::chrono::seconds age_of(events::event_time oldest, events::event_time now) {
    return std::max(std::chrono::floor<std::chrono::seconds>(now - oldest), std::chrono::seconds(0));
}

std::string name_of(const std::string& topic, std::int32_t partition) {
    return partition == 0 ? topic : fmt::format("{}/{}", topic, partition);
}

std::string journal_json(const std::vector<partition_facts>& found, const std::string& place,
                         events::event_time now) {
    json::array topics;
    for (const auto& each : found) {
        json::object entry;
        entry["topic"] = each.topic;
        entry["partition"] = each.partition;
        entry["id"] = each.id;
        entry["begin"] = each.begin;
        entry["end"] = each.end;
        entry["events"] = count_of(each);
        entry["bytes"] = each.bytes > 0 ? json::value(each.bytes) : json::value(nullptr);
        entry["oldest"] = each.oldest ? json::value(async::utc_text(*each.oldest)) : json::value(nullptr);
        entry["age_seconds"] =
            each.oldest ? json::value(age_of(*each.oldest, now).count()) : json::value(nullptr);
        topics.push_back(std::move(entry));
    }
    return json::serialize(json::object{
               {"schema", "event-archiver/journal/v1"}, {"journal", valid_utf8(place)}, {"topics", topics}}) +
           "\n";
}

std::string verdicts_json(const std::vector<partition_verdict>& found, const std::string& place) {
    json::array topics;
    for (const auto& each : found) {
        json::object entry;
        entry["topic"] = each.topic;
        entry["partition"] = each.partition;
        entry["ok"] = each.error.empty();
        entry["events"] = each.events;
        entry["bytes"] = each.bytes;
        entry["position"] = each.error.empty() ? json::value(nullptr) : json::value(each.next);
        entry["error"] = each.error.empty() ? json::value(nullptr) : json::value(valid_utf8(each.error));
        topics.push_back(std::move(entry));
    }
    const bool ok = std::ranges::all_of(found, [](const auto& each) { return each.error.empty(); });
    return json::serialize(json::object{{"schema", "event-archiver/journal-verify/v1"},
                                        {"journal", valid_utf8(place)},
                                        {"ok", ok},
                                        {"topics", topics}}) +
           "\n";
}

} // namespace

std::string render_journal(const std::vector<partition_facts>& found, const std::string& place,
                           events::event_time now, output_format format) {
    if (format == output_format::json)
        return journal_json(found, place, now);
    if (found.empty())
        return fmt::format("'{}' has no topic yet\n", place);
    text_table table("lrrrrr", {"TOPIC", "BEGIN", "END", "EVENTS", "SIZE", "AGE"});
    for (const auto& each : found)
        table.add({name_of(each.topic, each.partition), std::to_string(each.begin), std::to_string(each.end),
                   grouped(count_of(each)),
                   each.bytes > 0 ? short_bytes(static_cast<double>(each.bytes)) : "",
                   each.oldest ? short_duration(age_of(*each.oldest, now)) : ""});
    return table.text();
}

std::string render_journal_verdicts(const std::vector<partition_verdict>& found, const std::string& place,
                                    output_format format, std::size_t width) {
    if (format == output_format::json)
        return verdicts_json(found, place);
    if (found.empty())
        return fmt::format("'{}' has no topic yet\n", place);
    text_table table("lrrl", {"TOPIC", "EVENTS", "BYTES", "RESULT"});
    for (const auto& each : found)
        table.add({name_of(each.topic, each.partition), grouped(each.events),
                   short_bytes(static_cast<double>(each.bytes)),
                   each.error.empty() ? "all can be read" : each.error});
    return table.text(width);
}

} // namespace app
