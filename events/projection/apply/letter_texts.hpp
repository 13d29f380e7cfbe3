// What a dead letter keeps as text, also in a database whose encoding lacks some of its characters.
// Tested by tests/unit/events/projection/apply/letter_texts_test.cpp.
#pragma once

#include "events/event.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace events {

struct letter_texts {
    std::optional<std::string> key;
    std::string headers; // a JSON object
    std::string reason;
};

[[nodiscard]] letter_texts texts_of(const event& refused, std::string_view reason);
[[nodiscard]] bool is_ascii(const letter_texts& texts) noexcept;

// The texts for a database that is not UTF-8: a question mark for each other character, and escapes in the
// headers. The key itself then stands among the headers.
[[nodiscard]] letter_texts ascii_texts_of(const event& refused, std::string_view reason);
// Puts back a key that stands among the headers.
void take_key_from_headers(event& read);

} // namespace events
