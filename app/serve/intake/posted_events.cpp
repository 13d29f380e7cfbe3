#include "app/serve/intake/posted_events.hpp"

#include "async/ascii.hpp"
#include "events/journal/journal.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <string>
#include <utility>

namespace app {

using http::response;

namespace {

posted_events refused(response why) { return {std::move(why), {}, {}, {}}; }

} // namespace

bool is_encoded(const http::request& asked) {
    const auto encoding = async::trimmed(asked.header("content-encoding"));
    return !encoding.empty() && !async::equal_ignoring_case(encoding, "identity");
}

asked_key key_of(const http::request& asked) {
    const auto count = asked.count_of("idempotency-key");
    if (count == 0)
        return {};
    auto key = idempotency_key_of(asked.header("idempotency-key"));
    if (count > 1 || !key)
        return {std::nullopt, count > 1 ? "a request has one Idempotency-Key at most"
                                        : "an Idempotency-Key has 1 to 255 visible ASCII characters"};
    return {std::move(key), {}};
}

posted_events take_events(http::request& asked) {
    if (const auto clause = events::topic_name_mistake(asked.parameters.at("topic")); !clause.empty())
        return refused(http::error_response(400, clause));
    const auto form = body_form_of(asked.header("content-type"));
    if (!form)
        return refused(unsupported_type_response());
    auto key = key_of(asked);
    if (!key.mistake.empty())
        return refused(http::error_response(400, key.mistake));
    posted_events posted;
    posted.key = std::move(key.key);

    auto body = std::make_shared<const std::string>(std::move(asked.body));
    auto split = values_of(*form, *body, batch_limits());
    if (split.mistake)
        return refused(mistake_response(*split.mistake));
    posted.events = events::event_batch(body, std::move(split.values), correlation_headers(asked));
    if (posted.key)
        posted.batch = batch_of(posted.events, *body);
    return posted;
}

response accepted_response(const events::appended& made, std::size_t count) {
    boost::json::object body;
    body["accepted"] = count;
    if (made.first >= 0) {
        body["first"] = made.first;
        body["last"] = made.end - 1;
    } else {
        body["first"] = nullptr;
        body["last"] = nullptr;
    }
    return http::json_response(201, body);
}

response mistake_response(const body_mistake& mistake) {
    boost::json::object body;
    body["detail"] = mistake.why;
    if (mistake.line > 0) {
        body["line"] = mistake.line;
        body["byte"] = mistake.byte;
    }
    return http::json_response(mistake.status, body);
}

response refusal_response(const intake_refusal& refusal) {
    return http::error_response(refusal.status, refusal.why);
}

response unsupported_type_response() {
    return http::error_response(415, "the Content-Type must be application/json (an object or an array) or "
                                     "application/x-ndjson (an event in each line)");
}

} // namespace app
