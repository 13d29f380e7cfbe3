// The notation of a mark: numbers, fields, names and moments as the ASCII that metadata allows.
// What reads throws std::invalid_argument, with a clause that says what is wrong.
// Tested by tests/unit/lake/mark/mark_test.cpp and mark_mistake_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lake::mark_text {

[[nodiscard]] std::uint64_t number(std::string_view text, int base = 10);

// "key=value,key=value": no value holds a comma or an equals sign.
using field_map = std::map<std::string, std::string, std::less<>>;
[[nodiscard]] field_map fields_of(std::string_view text);
[[nodiscard]] std::string_view field(const field_map& fields, std::string_view key);

// Bytes that are not printable ASCII, blanks and those in `reserved` are written as %xx.
[[nodiscard]] std::string encoded(std::string_view text, std::string_view reserved);
// The UTF-8 text that was encoded. `name`: of the field, for the message.
[[nodiscard]] std::string text_from(std::string_view encoded_text, std::string_view name);

// Several texts in one value, each encoded, with a plus sign between.
[[nodiscard]] std::string joined(const std::vector<std::string>& parts);
[[nodiscard]] std::vector<std::string> parts_of(std::string_view text, std::string_view name);

// The names in public."Event", without quotes.
[[nodiscard]] std::vector<std::string> plain_names(std::string_view quoted);

// 2026-12-24T02:00:00Z. Two such moments compare as text.
[[nodiscard]] bool is_moment(std::string_view text);
// 2025-11-20T02:00:00.123, in UTC. The caller makes it part of a statement.
[[nodiscard]] bool is_timestamp(std::string_view text);

} // namespace lake::mark_text
