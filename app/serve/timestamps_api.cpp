#include "app/serve/timestamps_api.hpp"

#include "app/observe/run_id.hpp"
#include "app/serve/allowed_origins.hpp"
#include "app/serve/timestamp_text.hpp"
#include "app/text/utf8.hpp"
#include "async/ascii.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

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

response refused_answer(const intake_refusal& why) {
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

std::string now() {
    return timestamp_text(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

} // namespace

std::vector<http::route> timestamps_api::routes() {
    auto& log = around_.frame.log();
    std::vector<http::route> table;
    table.push_back(route_of(
        operation::submit_timestamp,
        [this](http::request& asked) { return submit(asked, asked.parameters.at("time")); }, log));
    table.push_back(route_of(
        operation::submit_now, [this](http::request& asked) { return submit(asked, {}); }, log));
    for (auto& each : table)
        each.any_site = true;
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
    if (!is_uuid(correlation))
        co_return with_any_origin(error_answer(400, "correlationId header: must be a valid UUID"));
    if (async::trimmed(time).empty())
        time = now();
    else if (const auto mistake = timestamp_mistake(time); !mistake.empty())
        co_return with_any_origin(
            error_answer(400, mistake, "invalid timestamp passed, please use 2006-01-02T15:04:05Z07:00"));
    auto published = co_await publish(asked, std::move(time));
    co_return with_any_origin(std::move(published));
}

awaitable<response> timestamps_api::publish(http::request& asked, std::string time) {
    const auto id = uuid_from(random_hex(random_bytes));
    std::vector<events::event> events;
    events.push_back(
        {uuid_from(random_hex(random_bytes)), correlation_headers(asked), command_text(time, id)});
    intake_refusal refused;
    try {
        (void)co_await intake_.append(around_.settings.journal.publish_topic, std::move(events), nullptr);
        boost::json::object body;
        body["id"] = id;
        co_return http::json_response(200, body);
    } catch (const async::error& failed) {
        refused = refusal_for(failed);
    }
    auto answer = refused_answer(refused);
    add_retry_after(answer, refused);
    co_return answer;
}

} // namespace app
