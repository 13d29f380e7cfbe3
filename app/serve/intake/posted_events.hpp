// The events that a POST /events/{topic} has, or why they are refused. Decides only; keeps nothing itself.
// Tested by tests/unit/app/serve/intake/posted_events_test.cpp.
#pragma once

#include "app/serve/intake/event_body.hpp"
#include "app/serve/intake/intake.hpp"
#include "app/serve/intake/key_book.hpp"
#include "events/event_batch.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

#include <optional>
#include <string>

namespace app {

struct posted_events {
    std::optional<http::response> refused;
    events::event_batch events;
    std::optional<std::string> key; // its Idempotency-Key
    keyed_batch batch;              // if it has a key
};

// Takes the body out of the request.
[[nodiscard]] posted_events take_events(http::request& asked);

// {"accepted":N,"first":P,"last":P}; the positions are null where a broker does not say them.
[[nodiscard]] http::response accepted_response(const events::appended& made, std::size_t count);
// {"detail": why}, with "line" and "byte" if there is such a place.
[[nodiscard]] http::response mistake_response(const body_mistake& mistake);
[[nodiscard]] http::response refusal_response(const intake_refusal& refusal);
[[nodiscard]] http::response unsupported_type_response();

// Whether its body is compressed, say: Content-Encoding names something other than `identity`.
[[nodiscard]] bool is_encoded(const http::request& asked);

// The Idempotency-Key of a request; null: it has none. One that cannot be a key, or two, are a mistake.
struct asked_key {
    std::optional<std::string> key;
    std::string mistake;
};
[[nodiscard]] asked_key key_of(const http::request& asked);

} // namespace app
