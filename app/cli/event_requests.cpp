#include "app/cli/event_requests.hpp"

#include "app/settings/mistake.hpp"
#include "app/settings/parse.hpp"
#include "async/quotable.hpp"
#include "events/journal/journal.hpp"

#include <fmt/format.h>

#include <limits>

namespace app {

namespace {

constexpr std::string_view default_server = "http://localhost:8000";
constexpr std::string_view default_file = "events.jsonl";
constexpr std::size_t lines_max = 100'000;

// Of the arguments of `journal`, or "".
std::string mistake_in_words(const std::vector<std::string>& arguments) {
    if (arguments.empty() || (arguments.front() == "verify" && arguments.size() == 1))
        return {};
    if (arguments.front() == "verify")
        return fmt::format("{} is not expected after 'journal verify'", async::quoted(arguments[1]));
    if (arguments.front() != "cat")
        return fmt::format(
            "journal does not know {}: give `journal`, `journal cat TOPIC` or `journal verify`",
            async::quoted(arguments.front()));
    if (arguments.size() == 1)
        return "journal cat needs a topic: give `journal cat TOPIC`, and see `journal` for those there are";
    if (arguments.size() > 2)
        return fmt::format("{} is not expected after 'journal cat TOPIC'", async::quoted(arguments[2]));
    const auto clause = events::topic_name_mistake(arguments[1]);
    return clause.empty() ? std::string() : mistake_in("journal cat", arguments[1], clause);
}

// True for "/events" and "/events/TOPIC", also behind a proxy's prefix, which may be "/eventstore".
bool is_path_of_topics(std::string_view path) {
    constexpr std::string_view events = "/events";
    return path.ends_with(events) || path.substr(0, path.rfind('/')).ends_with(events);
}

} // namespace

std::variant<journal_request, std::string> read_journal_request(const std::vector<std::string>& arguments,
                                                                const std::string& from, bool values) {
    using action = journal_request::action;
    if (auto mistake = mistake_in_words(arguments); !mistake.empty())
        return mistake;
    journal_request request;
    if (!arguments.empty())
        request.what = arguments.front() == "cat" ? action::cat : action::verify;
    if (request.what == action::cat)
        request.topic = arguments[1];
    if (values && request.what != action::cat)
        return "--values is for `journal cat TOPIC`: leave it out";
    request.values = values;
    if (from.empty())
        return request;
    if (request.what != action::cat)
        return "--from is for `journal cat TOPIC`: leave it out";
    const auto position = parse_count(from, 0, std::numeric_limits<std::int64_t>::max());
    if (const auto* clause = std::get_if<std::string>(&position))
        return mistake_in("--from", from, *clause);
    request.from = static_cast<std::int64_t>(std::get<std::uint64_t>(position));
    return request;
}

std::variant<send_request, std::string> read_send_request(const std::string& file, const std::string& server,
                                                          const std::string& batch) {
    send_request request;
    request.file = file.empty() ? default_file : file;
    auto parsed = http::parse_endpoint(server.empty() ? default_server : std::string_view(server));
    if (!parsed.mistake.empty())
        return fmt::format("--to {}: give the server as {}", parsed.mistake, default_server);
    request.server = std::move(parsed.value);
    // In the form that the client of the earlier system accepted.
    constexpr std::string_view path_of_events = "/liveEvent";
    if (request.server.path.ends_with(path_of_events))
        request.server.path.resize(request.server.path.size() - path_of_events.size());
    if (is_path_of_topics(request.server.path))
        return fmt::format("--to is a URL of a topic: give the server alone, as {}; send finds the path, and "
                           "its topic is 'live'",
                           default_server);
    if (batch.empty())
        return request;
    const auto lines = parse_count(batch, 1, lines_max);
    if (const auto* clause = std::get_if<std::string>(&lines))
        return mistake_in("--batch", batch, *clause);
    request.batch = std::get<std::uint64_t>(lines);
    return request;
}

} // namespace app
