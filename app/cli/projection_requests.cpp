#include "app/cli/projection_requests.hpp"

#include "app/settings/mistake.hpp"
#include "async/ascii.hpp"
#include "async/number.hpp"
#include "async/quotable.hpp"
#include "lake/day.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace app {

namespace {

using action = projection_request::action;

constexpr std::array<std::pair<std::string_view, action>, 5> actions{{{"pause", action::pause},
                                                                      {"resume", action::resume},
                                                                      {"replay", action::replay},
                                                                      {"rebuild", action::rebuild},
                                                                      {"forget", action::forget}}};

std::optional<std::int64_t> position_from(std::string_view text) {
    const auto number = async::number_from<std::int64_t>(text);
    return number && *number >= 0 ? number : std::nullopt;
}

// Reads "3", "3,5" or "3-7"; returns false for any other text.
bool add_positions(std::string_view text, dead_letter_request& into) {
    constexpr std::int64_t span_max = 100'000;
    for (const auto part : async::split(text, ',')) {
        const auto dash = part.find('-');
        const auto first = position_from(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : position_from(part.substr(dash + 1));
        if (!first || !last || *last < *first || *last - *first > span_max)
            return false;
        for (auto each = *first; each <= *last; ++each)
            into.positions.push_back(each);
        if (dash == std::string_view::npos)
            into.named.push_back(*first);
    }
    return true;
}

// Reads "live/1:3,5" or "live:3,5" as well; returns false for any other text, or for a second topic.
bool add_letters(std::string_view text, dead_letter_request& into) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return add_positions(text, into);
    const auto where = text.substr(0, colon);
    const auto slash = where.rfind('/');
    const auto topic = where.substr(0, slash);
    std::optional<std::int32_t> partition;
    if (slash != std::string_view::npos) {
        const auto number = position_from(where.substr(slash + 1));
        if (!number || *number > std::numeric_limits<std::int32_t>::max())
            return false;
        partition = static_cast<std::int32_t>(*number);
    }
    const bool first = into.topic.empty() && into.positions.empty();
    if (topic.empty() || (!first && (into.topic != topic || into.partition != partition)))
        return false;
    into.topic = topic;
    into.partition = partition;
    return add_positions(text.substr(colon + 1), into);
}

// A position, or a day.
std::string read_from(const std::string& given, projection_request& into) {
    into.from = position_from(given);
    if (into.from)
        return {};
    if (const auto day = lake::day::from_text(given)) {
        constexpr std::int64_t seconds_of_a_day = 86'400;
        into.from_time = day->number() * seconds_of_a_day;
        return {};
    }
    return mistake_in("--from", given, "give a position, or a day as YYYY-MM-DD");
}

} // namespace

std::variant<projection_request, std::string>
read_projections_request(const std::vector<std::string>& arguments, const projections_options& flags) {
    projection_request request;
    request.detach = flags.detach;
    request.only_events = flags.only_events;
    request.drop = flags.drop;
    if (!arguments.empty()) {
        const auto* const found =
            std::ranges::find(actions, arguments.front(), &std::pair<std::string_view, action>::first);
        if (found == actions.end())
            return fmt::format(
                "projections does not know {}: give pause, resume, replay, rebuild or forget, and the"
                " name of a projection",
                async::quoted(arguments.front()));
        request.what = found->second;
        if (arguments.size() < 2)
            return fmt::format(
                "projections {} needs the name of a projection: `event-archiver projections` shows them",
                arguments.front());
        if (arguments.size() > 2)
            return fmt::format("projections {} takes one projection, and {} is a second one",
                               arguments.front(), async::quoted(arguments[2]));
        request.names = {arguments[1]};
    }
    const bool starts = request.what == action::replay || request.what == action::rebuild;
    if (!flags.from.empty() && !starts)
        return std::string("--from belongs to `projections replay` and `projections rebuild`");
    if (flags.only_events && !starts)
        return std::string("--only-events belongs to `projections replay` and `projections rebuild`");
    if (flags.drop && request.what != action::forget)
        return std::string("--drop belongs to `projections forget`");
    if (flags.detach && request.what != action::rebuild)
        return std::string("--detach belongs to `projections rebuild`");
    if (!flags.from.empty())
        if (auto mistake = read_from(flags.from, request); !mistake.empty())
            return mistake;
    return request;
}

std::variant<dead_letter_request, std::string>
read_dead_letter_request(const std::vector<std::string>& arguments, bool retry, bool drop) {
    using wanted = dead_letter_request::action;
    dead_letter_request request;
    request.what = retry ? wanted::retry : drop ? wanted::drop : wanted::list;
    if (retry && drop)
        return std::string("--retry and --drop exclude each other");
    for (const auto& each : arguments) {
        if (add_letters(each, request))
            continue;
        if (!request.name.empty())
            return fmt::format(
                "dead-letters takes one projection and positions: {} is neither a number nor a list"
                " such as 3,5,7-9 or, of one topic and partition, live/1:3,5",
                async::quoted(each));
        request.name = each;
    }
    if (request.name.empty())
        return std::string(
            "dead-letters needs the name of a projection: `event-archiver projections` shows them");
    if (drop && request.positions.empty())
        return std::string("--drop needs positions: dead-letters NAME --drop 3,5,7-9");
    return request;
}

} // namespace app
