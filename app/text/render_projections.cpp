#include "app/text/render_projections.hpp"

#include "app/text/json_text.hpp"
#include "app/text/text_table.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"
#include "app/text/wrap.hpp"
#include "async/utc_time.hpp"
#include "events/projection/apply/batch_values.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace app {

namespace {

namespace json = boost::json;

std::string line_of(const json::object& document) { return json_text(document) + "\n"; }

struct shown_projection {
    const events::projection_status& status;
    std::optional<events::pace> pace;
};

double rounded(double number) { return std::round(number * 1000) / 1000; }

std::string statuses_json(std::span<const shown_projection> all) {
    json::array list;
    for (const auto& [each, pace] : all) {
        json::object entry;
        entry["name"] = each.key.projection;
        entry["state"] = each.state;
        entry["topic"] = each.key.topic;
        entry["partition"] = each.key.partition;
        entry["position"] = each.at;
        entry["end"] = each.end;
        entry["behind"] = each.behind();
        entry["behind_seconds"] = rounded(each.behind_seconds);
        entry["dead_letters"] = each.dead_letters;
        entry["idle_seconds"] = each.idle_seconds;
        entry["rate"] = nullptr;
        entry["seconds_left"] = nullptr;
        if (pace)
            entry["rate"] = rounded(pace->rate);
        if (pace && pace->seconds_left)
            entry["seconds_left"] = rounded(*pace->seconds_left);
        if (each.reason.empty())
            entry["reason"] = nullptr;
        else
            entry["reason"] = valid_utf8(each.reason);
        list.emplace_back(std::move(entry));
    }
    return line_of({{"schema", "event-archiver/projections/v1"}, {"projections", std::move(list)}});
}

// The value as it was posted, where it is JSON: its numbers keep their digits.
std::string value_json(const std::string& value) {
    return events::json_mistake(value).empty() ? value : json::serialize(events::as_text(value));
}

std::string letters_json(std::span<const events::dead_letter> refused) {
    std::string text = R"({"schema":"event-archiver/dead-letters/v1","dead_letters":[)";
    for (std::size_t index = 0; index < refused.size(); ++index) {
        const auto& each = refused[index];
        json::object before;
        before["projection"] = each.key.projection;
        before["topic"] = each.key.topic;
        before["partition"] = each.key.partition;
        before["position"] = each.refused.at;
        before["at"] = async::utc_text(each.refused.time);
        if (each.refused.content.key)
            before["key"] = *each.refused.content.key;
        else
            before["key"] = nullptr;
        json::object behind;
        behind["sqlstate"] = each.sqlstate;
        behind["reason"] = each.reason;
        behind["failed_at"] = each.failed_at;
        auto head = json::serialize(before);
        head.pop_back();
        text += fmt::format("{}{},\"value\":{},{}", index == 0 ? "" : ",", head,
                            value_json(each.refused.content.value), json::serialize(behind).substr(1));
    }
    return text + "]}\n";
}

std::string counts_json(std::string_view projection, const letter_counts& counts) {
    return line_of({{"schema", "event-archiver/dead-letters-change/v1"},
                    {"projection", projection},
                    {"applied", counts.applied},
                    {"refused", counts.refused},
                    {"dropped", counts.dropped}});
}

std::string seconds_shown(double seconds) {
    return seconds < 1 ? "-" : short_duration(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

std::string state_shown(const events::projection_status& each) {
    auto text = each.state;
    std::ranges::replace(text, '_', ' ');
    return text;
}

// "1,200 a second, 5 min left"; empty: it was not measured.
std::string pace_shown(const std::optional<events::pace>& pace) {
    if (!pace)
        return {};
    const auto rate = fmt::format("{} a second", grouped(static_cast<std::uint64_t>(pace->rate)));
    if (pace->seconds_left)
        return fmt::format("{}, {} left", rate,
                           short_duration(std::chrono::ceil<std::chrono::seconds>(
                               std::chrono::duration<double>(*pace->seconds_left))));
    return pace->rate > 0 ? rate + ", as many or more come" : rate;
}

// If a process ran it, a position that is behind would have moved.
std::string reason_shown(const events::projection_status& each) {
    constexpr double patience = 60;
    if (each.at > each.end && each.reason.empty() && each.state != "not_started")
        return fmt::format("ahead of this journal, where topic '{}' ends at {}: is JOURNAL right?",
                           each.key.topic, each.end);
    if (each.state == "running" && each.reason.empty() && each.behind() > 0 && each.idle_seconds > patience)
        return "not moved for " + seconds_shown(each.idle_seconds);
    return each.reason;
}

std::string state_and_reason(const shown_projection& each) {
    const auto state = state_shown(each.status);
    const auto reason = reason_shown(each.status);
    const auto pace = pace_shown(each.pace);
    if (reason.empty())
        return pace.empty() ? state : fmt::format("{}: {}", state, pace);
    return each.status.reason.empty() ? fmt::format("{}, but {}", state, reason)
                                      : fmt::format("{}: {}", state, reason);
}

std::string below(const shown_projection& each) {
    auto reason = reason_shown(each.status);
    return reason.empty() ? pace_shown(each.pace) : reason;
}

// `apart`: the reason has a column of its own, which a narrow terminal has below the others.
text_table table_of(std::span<const shown_projection> all, bool apart) {
    text_table table("llrrrrrll", {"NAME", "TOPIC", "POSITION", "END", "BEHIND", "FOR", "DEAD", "STATE", ""});
    for (const auto& shown : all) {
        const auto& each = shown.status;
        const auto topic = each.key.partition == 0 ? each.key.topic
                                                   : fmt::format("{}/{}", each.key.topic, each.key.partition);
        table.add({each.key.projection, topic, grouped(static_cast<std::uint64_t>(each.at)),
                   grouped(static_cast<std::uint64_t>(each.end)),
                   grouped(static_cast<std::uint64_t>(each.behind())), seconds_shown(each.behind_seconds),
                   grouped(static_cast<std::uint64_t>(each.dead_letters)),
                   apart ? state_shown(each) : state_and_reason(shown),
                   apart ? below(shown) : std::string()});
    }
    return table;
}

bool fits(std::string_view text, std::size_t width) {
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        if (columns_of(line) > width)
            return false;
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return true;
}

} // namespace

std::string render_projections(std::span<const events::projection_status> all, const pace_list& paces,
                               output_format format, std::size_t width) {
    std::vector<shown_projection> shown;
    for (std::size_t at = 0; at < all.size(); ++at)
        shown.push_back({all[at], at < paces.size() ? paces[at] : std::nullopt});
    if (format == output_format::json)
        return statuses_json(shown);
    if (all.empty())
        return "there is no projection\n";
    const auto together = table_of(shown, false);
    if (width == 0 || fits(together.text(), width))
        return together.text();
    auto text = table_of(shown, true).text(width);
    return fits(text, width) ? text : together.text(width);
}

std::string render_dead_letters(std::span<const events::dead_letter> refused, output_format format,
                                std::size_t width) {
    if (format == output_format::json)
        return letters_json(refused);
    if (refused.empty())
        return "there is no dead letter\n";
    text_table table("lrlll", {"TOPIC", "POSITION", "ACCEPTED", "SQLSTATE", "REASON"});
    for (const auto& each : refused)
        table.add({each.key.topic, std::to_string(each.refused.at), async::utc_text(each.refused.time),
                   each.sqlstate, each.reason});
    return table.text(width);
}

std::string render_change(std::string_view projection, const projection_change& done, output_format format) {
    if (format == output_format::text)
        return fmt::format("{}: {}\n", projection, done.sentence);
    return line_of({{"schema", "event-archiver/projections-change/v1"},
                    {"projection", projection},
                    {"change", done.change}});
}

std::string render_retried(std::string_view projection, const letter_counts& counts, output_format format) {
    if (format == output_format::json)
        return counts_json(projection, counts);
    return fmt::format("applied {}, {} refused again\n", counted(counts.applied, "dead letter"),
                       counts.refused);
}

std::string render_dropped(std::string_view projection, std::size_t letters, output_format format) {
    if (format == output_format::json)
        return counts_json(projection, {0, 0, letters});
    return fmt::format("dropped {}\n", counted(letters, "dead letter"));
}

} // namespace app
