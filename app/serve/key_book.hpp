// The batches with an Idempotency-Key, and the answers to them: the IETF's draft
// draft-ietf-httpapi-idempotency-key-header. The journal keeps the same with the events, so it can be read
// again after a restart.
// Tested by tests/unit/app/serve/key_book_test.cpp.
#pragma once

#include "events/event_batch.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace app {

// The identity of a body.
struct body_digest {
    std::uint64_t crc = 0; // CRC-64
    std::uint64_t bytes = 0;
    bool operator==(const body_digest&) const = default;
};
[[nodiscard]] body_digest digest_of(std::string_view body) noexcept;

// The batch that was accepted under a key.
struct keyed_batch {
    std::uint64_t count = 0;
    body_digest body;
    std::uint64_t values = 0; // CRC-64 of the events' values: one body has others as JSON than as NDJSON
    // The same request has other values each time: the time of day.
    bool values_differ = false;
    bool operator==(const keyed_batch&) const = default;
};
// Whether the request is the one that was accepted.
[[nodiscard]] bool is_same(const keyed_batch& asked, const keyed_batch& known) noexcept;
// `events` were read from `body`, whose white space at both ends does not count: `send` gives the same key to
// a line with a line end and to an event without one.
[[nodiscard]] keyed_batch batch_of(const events::event_batch& events, std::string_view body);

// The text of an Idempotency-Key field, with or without the quotes of the draft: 1 to 255 visible ASCII
// characters. nullopt for any other.
[[nodiscard]] std::optional<std::string> idempotency_key_of(std::string_view field);

// The headers of the first event of such a batch.
inline constexpr std::string_view key_header = "idempotency-key";
inline constexpr std::string_view batch_header = "idempotency-batch"; // "count crc bytes", the CRC-64 in hex
// The CRC-64 of the values of all events of the batch, in hex.
inline constexpr std::string_view values_header = "idempotency-values";
// In every event of the batch, where events of other producers may stand between them: the same in one
// append, and in no other.
inline constexpr std::string_view append_header = "idempotency-append";
// Without `values`, which have a header of their own.
[[nodiscard]] std::string batch_text(const keyed_batch& batch);
[[nodiscard]] std::optional<keyed_batch> batch_from(std::string_view text);
// Adds the headers of a batch to its first event.
void add_key(events::event_batch& events, const std::string& key, const keyed_batch& batch);

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
    // Of topic and key: a hundred thousand keys in some twenty megabytes.
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

// Finds the batches with a key among the events of one partition, read in order. A batch counts only if all
// of its events are there: Kafka may keep a part of one whose outcome was reported as unknown, or compact it.
class batch_finder {
  public:
    // Beyond this number of unfinished batches, the oldest is given up. Writers side by side have far fewer.
    static constexpr std::size_t begun_max = 10'000;

    explicit batch_finder(std::int32_t partition) noexcept
        : partition_(partition) {}

    struct found_batch {
        std::string key;
        key_book::entry kept;
        events::event_time since; // of its first event
    };
    // The batch that is whole with this event.
    [[nodiscard]] std::optional<found_batch> take(const events::recorded_event& next);
    // Batches that are not whole yet.
    [[nodiscard]] std::size_t begun() const noexcept { return by_append_.size() + (in_a_row_ ? 1 : 0); }

  private:
    struct unfinished {
        void take(const events::recorded_event& next);
        [[nodiscard]] bool has_all() const noexcept { return count == batch.kept.batch.count; }
        [[nodiscard]] bool is_whole() const noexcept { return has_all() && crc == batch.kept.batch.values; }

        found_batch batch;
        std::uint64_t crc = 0;   // of its values so far
        std::uint64_t count = 0; // of them
    };
    void begin(unfinished begun, std::string_view append);
    [[nodiscard]] std::optional<found_batch> take_in_a_row(const events::recorded_event& next);
    [[nodiscard]] std::optional<found_batch> take_of(const events::recorded_event& next,
                                                     std::string_view append);

    std::int32_t partition_;
    std::optional<unfinished> in_a_row_; // without append_header: its events follow each other
    std::map<std::string, unfinished, std::less<>> by_append_; // by append_header, of writers side by side
    std::map<events::position, std::string> oldest_first_;     // of `by_append_`, by the first event
};

} // namespace app
