#include "app/serve/faces/live_api.hpp"

#include "app/serve/intake/event_body.hpp"
#include "app/serve/intake/posted_events.hpp"
#include "async/ascii.hpp"
#include "events/json_text.hpp"
#include "http/server/bearer.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <utility>

namespace app {

using async::awaitable;
using http::response;

namespace {

constexpr std::string_view json_type = "application/json; charset=utf-8";

response json_answer(unsigned status, std::string_view name, std::string_view text) {
    boost::json::object body;
    body[boost::json::string_view(name)] = boost::json::string_view(text);
    response made = http::text_response(json_type, boost::json::serialize(body));
    made.status = status;
    return made;
}

response error_answer(const intake_refusal& why) { return json_answer(why.status, "error", why.why); }

response unauthorized() {
    auto made = http::text_response("text/html; charset=utf-8", "Unauthorized");
    made.status = 401;
    return made;
}

// Their bodies are read, for the original said first whether one is JSON, and take no room of others.
http::admission admission_of_strangers(std::optional<std::uint64_t> length) {
    constexpr std::size_t bytes_max = 65'536;
    if (length.value_or(0) > bytes_max)
        return http::admission{unauthorized()};
    http::admission admitted;
    admitted.body_max = bytes_max;
    admitted.in_words = [](unsigned, std::string_view) { return unauthorized(); };
    return admitted;
}

// The user's name or number; nullopt if it is missing.
struct live_event {
    std::string mistake; // empty: it is an object
    std::optional<std::string> user;
};

live_event read_live_event(std::string_view body) {
    auto reading = events::read_json(body, "userId");
    if (reading.mistake.empty() && reading.kind != events::json_kind::object)
        reading.mistake = "an event is a JSON object";
    return {std::move(reading.mistake), std::move(reading.member)};
}

constexpr key_words live_event_words{"an event with this Idempotency-Key is on its way into the journal",
                                     "this Idempotency-Key came with another event before"};

} // namespace

live_api::live_api(serve_surroundings around, keyed_intake& events_in)
    : around_(around)
    , door_(events_in, error_answer, live_event_words) {}

std::vector<http::route> live_api::routes() {
    auto posting = route_of(
        operation::post_live_event, [this](http::request& asked) { return post(asked); },
        around_.frame.log());
    posting.admit = [this](const http::request& asked, std::optional<std::uint64_t> length) {
        if (!has_secret(asked))
            return admission_of_strangers(length);
        return door_.admit(length, batch_limits().event_bytes_max);
    };
    std::vector<http::route> table;
    table.push_back(std::move(posting));
    return table;
}

std::vector<api_operation> live_api::operations() const {
    return operations_of({operation::post_live_event});
}

bool live_api::has_secret(const http::request& asked) const {
    return http::equal_in_constant_time(asked.header("authorization"), around_.settings.serving.live_secret);
}

awaitable<response> live_api::post(http::request& asked) {
    // The order of the original, which checked the JSON before the secret.
    const bool is_json =
        body_form_of(asked.header("content-type")) == body_form::one_text && !is_encoded(asked);
    auto given = is_json ? read_live_event(asked.body) : live_event();
    if (!given.mistake.empty())
        co_return json_answer(400, "error", given.mistake);
    if (!has_secret(asked))
        co_return unauthorized();
    if (!is_json)
        co_return json_answer(415, "error", "send application/json");
    auto key = key_of(asked);
    if (!key.mistake.empty())
        co_return json_answer(400, "error", key.mistake);
    std::vector<events::event> one;
    one.push_back(
        {std::move(given.user), correlation_headers(asked), std::string(async::trimmed(asked.body))});
    events::event_batch events(std::move(one));
    const auto batch = key.key ? batch_of(events, asked.body) : keyed_batch();
    asked.body = {};
    event_door::arrival arrived{"live", std::move(key.key), batch, std::move(events), std::move(asked.room)};
    auto kept = co_await door_.append(std::move(arrived));
    co_return kept.refused ? std::move(*kept.refused) : json_answer(201, "message", "Event received");
}

} // namespace app
