#include "app/serve/faces/events_api.hpp"

#include "app/serve/faces/read_back.hpp"
#include "app/serve/intake/posted_events.hpp"
#include "app/settings/parse.hpp"
#include "async/caught.hpp"
#include "events/journal/error.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

namespace app {

using async::awaitable;
using http::error_response;
using http::response;

namespace {

// Each holds some events in memory for as long as its client takes to read them.
constexpr std::size_t readers_max = 16;
constexpr auto position_max = static_cast<std::uint64_t>(std::numeric_limits<events::position>::max());

// The value in the query, or nullopt.
struct query_numbers {
    std::optional<events::position> from;
    std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
    std::int32_t partition = 0;
    std::string mistake;
};

query_numbers numbers_in(const http::request& asked) {
    query_numbers found;
    const auto read = [&](std::string_view name, std::uint64_t max, auto&& keep) {
        const auto text = asked.query_value(name);
        if (!text)
            return;
        auto number = parse_count(*text, 0, max);
        if (const auto* value = std::get_if<0>(&number))
            keep(*value);
        else
            found.mistake = fmt::format("{}: {}", name, std::get<1>(number));
    };
    read("from", position_max, [&](auto value) { found.from = static_cast<events::position>(value); });
    read("limit", std::numeric_limits<std::uint64_t>::max(), [&](auto value) { found.limit = value; });
    read("partition", 100'000, [&](auto value) { found.partition = static_cast<std::int32_t>(value); });
    return found;
}

// Both bounds, so that a client knows where to go on.
response out_of_bounds(unsigned status, std::string_view why, const events::extent& there) {
    boost::json::object body;
    body["detail"] = boost::json::string_view(why);
    body["begin"] = there.begin;
    body["end"] = there.end;
    return http::json_response(status, body);
}

constexpr key_words batch_words{
    "a batch with this Idempotency-Key is on its way into the journal",
    "this Idempotency-Key came with another body, or with another Content-Type, before"};

} // namespace

events_api::events_api(serve_surroundings around, keyed_intake& events_in)
    : around_(around)
    , door_(events_in, refusal_response, batch_words) {}

std::vector<http::route> events_api::routes() {
    auto& log = around_.frame.log();
    auto posting = route_of(
        operation::post_events, [this](http::request& asked) { return post(asked); }, log);
    posting.admit = [this](const http::request& asked, std::optional<std::uint64_t> length) {
        if (!body_form_of(asked.header("content-type")) || is_encoded(asked))
            return http::admission{unsupported_type_response()};
        return door_.admit(length, batch_limits().bytes_max);
    };
    auto reading = route_of(
        operation::read_events, [this](http::request& asked) { return read(asked); }, log);
    std::vector<http::route> table;
    table.push_back(std::move(posting));
    table.push_back(std::move(reading));
    return table;
}

std::vector<api_operation> events_api::operations() const {
    return operations_of({operation::post_events, operation::read_events});
}

awaitable<response> events_api::post(http::request& asked) {
    auto posted = take_events(asked);
    if (posted.refused)
        co_return std::move(*posted.refused);
    const auto count = posted.events.size();
    event_door::arrival given{asked.parameters.at("topic"), std::move(posted.key), posted.batch,
                              std::move(posted.events), std::move(asked.room)};
    auto kept = co_await door_.append(std::move(given));
    co_return kept.refused ? std::move(*kept.refused) : accepted_response(kept.made, count);
}

awaitable<response> events_api::read(http::request& asked) {
    const auto numbers = numbers_in(asked);
    if (!numbers.mistake.empty())
        co_return error_response(400, numbers.mistake);
    auto* const topic = co_await door_.find(asked.parameters.at("topic"));
    if (topic == nullptr)
        co_return error_response(404, "there is no such topic");
    if (numbers.partition >= topic->partitions()) { // a look counts those that were added since
        const auto counted = co_await async::outcome_of(topic->look(0));
        if (counted.failed && !events::has_reason(counted.failed, events::journal_failure::no_topic))
            std::rethrow_exception(counted.failed);
    }
    if (numbers.partition >= topic->partitions())
        co_return error_response(404, fmt::format("the topic has {} partitions", topic->partitions()));
    const auto looked = co_await async::outcome_of(topic->look(numbers.partition));
    if (looked.failed && events::has_reason(looked.failed, events::journal_failure::no_topic))
        co_return error_response(404, "there is no such topic, or no such partition of it, any more");
    if (looked.failed)
        std::rethrow_exception(looked.failed);
    const auto& there = *looked.value;
    const auto from = numbers.from.value_or(there.begin);
    if (from < there.begin)
        co_return out_of_bounds(410, "events before `begin` have been removed", there);
    if (from > there.end)
        co_return out_of_bounds(416, "no event has this position yet: the next one will be at `end`", there);
    if (*readers_ >= readers_max) {
        const intake_refusal busy{503, fmt::format("{} clients read events already", readers_max), true};
        co_return door_.refusal(busy);
    }
    ++*readers_;
    std::shared_ptr<void> held(nullptr, [readers = readers_](void*) { --*readers; });
    response answer;
    answer.content_type = "application/x-ndjson";
    answer.stream =
        event_lines_of({topic, numbers.partition, from, there.end, numbers.limit}, std::move(held));
    co_return answer;
}

} // namespace app
