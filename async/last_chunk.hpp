// What both of our HTTP readers need of Beast's chunks.
#pragma once

#include <cstddef>
#include <string_view>

namespace async {

// Whether what has come of a chunked body may be a part of its end, "0\r\n\r\n". Less than that is never all
// that is missing, so it is kept until more has come: Beast, when it comes back to a last chunk of which it
// has seen the first line, asserts that all of it is there.
[[nodiscard]] constexpr bool may_be_part_of_last_chunk(std::string_view rest) noexcept {
    constexpr std::size_t last_chunk_min = 5;
    return rest.starts_with('0') && rest.size() < last_chunk_min;
}

} // namespace async
