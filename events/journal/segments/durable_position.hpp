// The file `durable`: how far the log is durable, as its writer tells other processes.
// Tested by tests/unit/events/journal/segments/durable_position_test.cpp.
#pragma once

#include "events/event.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace events {

inline constexpr std::string_view durable_name = "durable";
[[nodiscard]] std::string encode_durable(position end);
[[nodiscard]] std::optional<position> decode_durable(std::string_view bytes);

// What `read` returns twice in a row. The writer writes over the file, and a read beside that may see a part
// of either text: what two reads agree about is whole. nullopt if a hundred do not agree: look again later.
[[nodiscard]] std::optional<std::string> agreed_text(const std::function<std::string()>& read);

// The position in what `read` returns; nullopt: it has none. While reads do not agree, `known` counts, which
// was told before. Throws journal_error(overloaded) where 0 is known: it may be far behind what is durable.
[[nodiscard]] std::optional<position> position_told(const std::function<std::string()>& read, position known);

} // namespace events
