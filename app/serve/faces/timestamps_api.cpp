#include "app/serve/faces/timestamps_api.hpp"

#include "app/observe/run_id.hpp"
#include "app/serve/faces/allowed_origins.hpp"
#include "app/serve/faces/timestamp_text.hpp"
#include "app/serve/intake/posted_events.hpp"
#include "app/text/utf8.hpp"
#include "async/ascii.hpp"
#include "async/utc_time.hpp"
#include "async/uuid_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <chrono>
#include <utility>

namespace app {

using async::awaitable;
using http::response;

namespace {

constexpr std::size_t random_bytes = 16;

response error_answer(unsigned status, std::string_view error, std::string_view message = {}) {
    boost::json::object body;
    body["Error"] = valid_utf8(error); // which may quote what the client sent
    if (!message.empty())
        body["Message"] = boost::json::string_view(message);
    return http::json_response(status, body);
}

constexpr key_words timestamp_words{"a timestamp with this Idempotency-Key is on its way into the journal",
                                    "this Idempotency-Key came with another timestamp before"};

response refused_answer(const intake_refusal& why) {
    if (why.of_the_key)
        return error_answer(why.status, why.why);
    return error_answer(why.status == 503 ? 503 : 500, why.why, "failed to publish message");
}

awaitable<response> answer_options() { co_return preflight_answer(); }

http::route options_of(std::string_view pattern) {
    http::route made{"OPTIONS", pattern, [](http::request&) { return answer_options(); }, http::access::open,
                     true};
    made.any_site = true;
    return made;
}

std::string command_text(std::string_view time, std::string_view id) {
    // Written by hand, in the order of the original.
    return "{\"event_timestamp\":" + boost::json::serialize(boost::json::string_view(time)) +
           ",\"command_id\":\"" + std::string(id) + "\"}";
}

// Each try of a request has the same id.
std::string id_for(const std::string& topic, const std::string& key, const std::string& given) {
    const boost::uuids::name_generator_sha1 named(boost::uuids::ns::url());
    return boost::uuids::to_string(named(topic + " " + key + " " + given)); // neither has a blank
}

std::string now() { return async::utc_text(async::this_second()); }

} // namespace

timestamps_api::timestamps_api(serve_surroundings around, keyed_intake& events_in)
    : around_(around)
    , door_(events_in, refused_answer, timestamp_words) {}

std::vector<http::route> timestamps_api::routes() {
    auto& log = around_.frame.log();
    std::vector<http::route> table;
    table.push_back(route_of(
        operation::submit_timestamp,
        [this](http::request& asked) { return submit(asked, asked.parameters.at("time")); }, log));
    table.push_back(route_of(
        operation::submit_now, [this](http::request& asked) { return submit(asked, {}); }, log));
    for (const auto& each : operations())
        table.push_back(options_of(each.path));
    return table;
}

std::vector<api_operation> timestamps_api::operations() const {
    return operations_of({operation::submit_timestamp, operation::submit_now});
}

awaitable<response> timestamps_api::submit(http::request& asked, std::string time) {
    const auto correlation = asked.header("correlationid");
    if (async::trimmed(correlation).empty())
        co_return with_any_origin(error_answer(400, "correlationId header: cannot be blank"));
    if (!async::is_uuid(correlation))
        co_return with_any_origin(error_answer(400, "correlationId header: must be a valid UUID"));
    std::string given(async::trimmed(time).empty() ? std::string() : time);
    if (given.empty())
        time = now();
    else if (const auto mistake = timestamp_mistake(time); !mistake.empty())
        co_return with_any_origin(
            error_answer(400, mistake, "invalid timestamp passed, please use 2006-01-02T15:04:05Z07:00"));
    auto published = co_await publish(asked, std::move(time), std::move(given));
    co_return with_any_origin(std::move(published));
}

awaitable<response> timestamps_api::publish(http::request& asked, std::string time, std::string given) {
    auto key = key_of(asked);
    if (!key.mistake.empty())
        co_return error_answer(400, key.mistake);
    const auto id = key.key ? id_for(around_.settings.journal.publish_topic, *key.key, given)
                            : uuid_from(random_hex(random_bytes));
    auto topic = around_.settings.journal.publish_topic;
    std::vector<events::event> one;
    one.push_back({uuid_from(random_hex(random_bytes)), correlation_headers(asked), command_text(time, id)});
    events::event_batch events(std::move(one));
    auto batch = key.key ? batch_of(events, "timestamp " + given) : keyed_batch();
    batch.values_differ = given.empty();
    event_door::arrival arrived{std::move(topic), std::move(key.key), batch, std::move(events), nullptr};
    auto kept = co_await door_.append(std::move(arrived));
    if (kept.refused)
        co_return std::move(*kept.refused);
    boost::json::object body;
    body["id"] = id;
    co_return http::json_response(200, body);
}

} // namespace app
