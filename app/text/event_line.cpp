#include "app/text/event_line.hpp"

#include "app/text/utf8.hpp"
#include "async/utc_time.hpp"
#include "events/json_text.hpp"
#include "events/projection/apply/batch_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace app {

namespace {

// Of the same name the last one counts.
std::string headers_of(const std::vector<events::header>& headers) {
    std::map<std::string_view, std::string_view> last;
    for (const auto& each : headers)
        last.insert_or_assign(each.name, each.value);
    std::string object = "{";
    for (const auto& [name, value] : last)
        object +=
            fmt::format("{}{}:{}", object.size() == 1 ? "" : ",", json_quoted(name), json_quoted(value));
    return object + "}";
}

// The value's text. A string of JSON holds no line break: JSON has them escaped there.
std::string value_of(const events::event& content) {
    if (!events::read_json(content.value).mistake.empty())
        return json_quoted(content.value);
    std::string value(content.value);
    std::ranges::replace_if(
        value, [](char byte) { return byte == '\n' || byte == '\r'; }, ' ');
    return value;
}

} // namespace

std::string event_line(const events::recorded_event& event) {
    const auto& content = event.content;
    return fmt::format(R"({{"position":{},"time":"{}","key":{},"headers":{},"value":{}}})", event.at,
                       async::utc_text(event.time), content.key ? json_quoted(*content.key) : "null",
                       headers_of(content.headers), value_of(content)) +
           '\n';
}

std::string value_line(const events::recorded_event& event) { return value_of(event.content) + '\n'; }

} // namespace app
