// The way of one API's events into the journal, with an Idempotency-Key or without, and its answer where they
// are not accepted.
// Tested by tests/integration/test_events_api.py, test_live_api.py and test_timestamps_api.py.
#pragma once

#include "app/serve/intake/intake.hpp"
#include "app/serve/intake/key_book.hpp"
#include "app/serve/intake/keyed_intake.hpp"
#include "events/event_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace app {

// What a client is told of a key that came before.
struct key_words {
    std::string_view in_flight;   // 409
    std::string_view other_batch; // 422
};

class event_door {
  public:
    // `events_in` must outlive it. `form`: how the API reports an error.
    event_door(keyed_intake& events_in, intake::error_form form, key_words words);

    struct arrival {
        std::string topic;
        std::optional<std::string> key; // its Idempotency-Key
        keyed_batch batch;              // if it has a key
        events::event_batch events;
        std::shared_ptr<http::body_room> room; // null: it is taken here
    };
    struct outcome {
        std::optional<http::response> refused;
        events::appended made; // now or, with the same key, before
    };
    // Returns once all are durable, or are refused.
    [[nodiscard]] async::awaitable<outcome> append(arrival given);

    // Before a body is read: see intake::admit.
    [[nodiscard]] http::admission admit(std::optional<std::uint64_t> length, std::size_t bytes_max);
    [[nodiscard]] http::response refusal(const intake_refusal& why) const;
    // The topic for reading; null if it is not there.
    [[nodiscard]] async::awaitable<events::topic*> find(std::string topic);

  private:
    keyed_intake& intake_;
    intake::error_form form_;
    key_words words_;
};

} // namespace app
