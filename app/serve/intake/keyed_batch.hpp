// A batch with an Idempotency-Key, as its request and as the headers of its first event tell it.
// Tested by tests/unit/app/serve/intake/key_book_test.cpp.
#pragma once

#include "events/event_batch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace app {

// CRC-64 of `text` behind what has the CRC `begin`.
[[nodiscard]] std::uint64_t crc_of(std::string_view text, std::uint64_t begin = 0) noexcept;

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

} // namespace app
