// The batches with an Idempotency-Key, and the answers to them: the IETF's draft
// draft-ietf-httpapi-idempotency-key-header. The journal keeps the same with the events, so it can be read
// again after a restart.
// Tested by tests/unit/app/serve/intake/key_book_test.cpp.
#pragma once

#include "app/serve/intake/keyed_batch.hpp"
#include "events/event.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

namespace app {

class key_book {
  public:
    // Beyond this number, keys are forgotten: first those that were accepted longest ago.
    explicit key_book(std::size_t keys_max)
        : keys_max_(keys_max) {}

    enum class state : std::uint8_t {
        unknown,
        in_flight,
        other_batch, // the key is another batch's
        accepted,
    };
    struct entry {
        keyed_batch batch;
        std::int32_t partition = 0;
        events::position first = 0; // if it is accepted
        events::position end = 0;   // behind its last event
        bool accepted = false;
    };
    struct finding {
        app::key_book::state state = state::unknown;
        entry known = {}; // if it is accepted
    };

    [[nodiscard]] finding look_up(std::string_view topic, std::string_view key,
                                  const keyed_batch& batch) const;
    // The batch is being appended. Call `keep` or `drop` afterwards.
    void begin(std::string_view topic, std::string_view key, const keyed_batch& batch);
    // The batch was accepted at `since`. Keys that are read back come late, but do not count as the newest.
    void keep(std::string_view topic, std::string_view key, const entry& accepted, events::event_time since);
    void drop(std::string_view topic, std::string_view key);
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  private:
    // Two sums of topic and key: a hundred thousand keys take some twenty megabytes.
    using name = std::array<std::uint64_t, 2>;
    [[nodiscard]] static name name_of(std::string_view topic, std::string_view key) noexcept;
    // When it was accepted, and the number of the call that recorded it.
    using age = std::pair<events::event_time, std::uint64_t>;
    struct remembered {
        entry kept;
        age since; // if it is accepted
    };
    void forget_oldest();

    std::size_t keys_max_;
    std::uint64_t calls_ = 0;
    std::map<name, remembered> entries_;
    std::map<age, name> oldest_first_; // those that are accepted
};

} // namespace app
