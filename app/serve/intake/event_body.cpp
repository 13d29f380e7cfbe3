#include "app/serve/intake/event_body.hpp"

#include "async/ascii.hpp"
#include "events/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace app {

namespace {

// A byte of the body, counted as an editor does.
struct place {
    std::size_t line = 1;
    std::size_t byte = 1;
};

place place_in(std::string_view body, std::size_t offset) {
    const auto before = body.substr(0, offset);
    const auto line_begin = before.rfind('\n') + 1; // npos + 1 is 0
    return {static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1, offset - line_begin + 1};
}

body_mistake mistake_at(place where, std::string_view clause) {
    return {400, fmt::format("line {}, byte {}: {}", where.line, where.byte, clause), where.line, where.byte};
}

body_mistake too_large_at(place where, std::size_t bytes, std::size_t bytes_max) {
    return {413, fmt::format("line {}: the event has {} bytes, more than {}", where.line, bytes, bytes_max),
            where.line, where.byte};
}

body_mistake too_many(const batch_limits& limits) {
    return {413, fmt::format("a batch has at most {} events", limits.events_max)};
}

// Elements of an array that is known to be one JSON text.
std::vector<std::string_view> elements_of(std::string_view array) {
    std::vector<std::string_view> elements;
    std::size_t depth = 0;
    std::size_t begin = 1;
    bool in_string = false;
    const auto end_at = [&](std::size_t end) {
        if (const auto element = async::trimmed(array.substr(begin, end - begin)); !element.empty())
            elements.push_back(element);
        begin = end + 1;
    };
    for (std::size_t at = 0; at < array.size(); ++at) {
        const char byte = array[at];
        if (in_string) {
            if (byte == '\\')
                ++at;
            in_string = byte != '"';
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '[' || byte == '{') {
            ++depth;
        } else if (byte == ']' || byte == '}') {
            if (--depth == 0)
                end_at(at);
        } else if (byte == ',' && depth == 1) {
            end_at(at);
        }
    }
    return elements;
}

event_values of_text(std::string_view body, const batch_limits& limits) {
    const auto text = async::trimmed(body);
    if (text.empty())
        return {{}, mistake_at({1, 1}, "there is no event")};
    const auto offset_of = [body](std::string_view part) {
        return static_cast<std::size_t>(part.data() - body.data());
    };
    const auto reading = events::read_json(text);
    if (!reading.mistake.empty())
        return {{}, mistake_at(place_in(body, offset_of(text) + reading.offset), reading.mistake)};
    if (reading.kind == events::json_kind::other)
        return {{}, mistake_at(place_in(body, offset_of(text)), "give an object, or an array of events")};
    event_values found;
    if (reading.kind == events::json_kind::object)
        found.values.push_back(text);
    else
        found.values = elements_of(text);
    for (const auto& each : found.values)
        if (each.size() > limits.event_bytes_max)
            return {{}, too_large_at(place_in(body, offset_of(each)), each.size(), limits.event_bytes_max)};
    if (found.values.size() > limits.events_max)
        return {{}, too_many(limits)};
    if (found.values.empty())
        return {{}, mistake_at(place_in(body, offset_of(text)), "the array has no events")};
    return found;
}

event_values of_lines(std::string_view body, const batch_limits& limits) {
    event_values found;
    place where{0, 1};
    for (std::size_t at = 0; at < body.size();) {
        const auto line = body.substr(at, body.find('\n', at) - at);
        at += line.size() + 1;
        ++where.line;
        const auto value = async::trimmed(line);
        if (value.empty())
            continue;
        where.byte = static_cast<std::size_t>(value.data() - line.data()) + 1;
        if (value.size() > limits.event_bytes_max)
            return {{}, too_large_at(where, value.size(), limits.event_bytes_max)};
        if (found.values.size() == limits.events_max)
            return {{}, too_many(limits)};
        if (const auto reading = events::read_json(value); !reading.mistake.empty())
            return {{}, mistake_at({where.line, where.byte + reading.offset}, reading.mistake)};
        found.values.push_back(value);
    }
    if (found.values.empty())
        return {{}, mistake_at({1, 1}, "there is no event")};
    return found;
}

} // namespace

std::optional<body_form> body_form_of(std::string_view content_type) {
    const auto type = async::lowercase(async::trimmed(content_type.substr(0, content_type.find(';'))));
    const auto parameters =
        async::lowercase(content_type.substr(std::min(content_type.find(';'), content_type.size())));
    const auto charset = parameters.find("charset=");
    if (charset != std::string::npos && parameters.find("utf-8", charset) == std::string::npos)
        return std::nullopt;
    constexpr std::array<std::string_view, 3> types_of_lines{"application/x-ndjson", "application/ndjson",
                                                             "application/jsonl"};
    if (std::ranges::find(types_of_lines, type) != types_of_lines.end())
        return body_form::lines;
    return type == "application/json" ? std::optional(body_form::one_text) : std::nullopt;
}

event_values values_of(body_form form, std::string_view body, const batch_limits& limits) {
    return form == body_form::lines ? of_lines(body, limits) : of_text(body, limits);
}

} // namespace app
