// A condition of Beast's for reading chunks, which both of our HTTP readers have to meet.
// Tested by tests/unit/http/client/response_reader_test.cpp and
// tests/unit/http/server/request_reader_test.cpp.
#pragma once

#include <cstddef>
#include <string_view>

namespace async {

// Whether these bytes of a chunked body may be a part of its end, "0\r\n\r\n". Keep them until more has come:
// when Beast resumes at a last chunk whose first line it has seen, it asserts that all five bytes are there.
[[nodiscard]] constexpr bool may_be_part_of_last_chunk(std::string_view rest) noexcept {
    constexpr std::size_t last_chunk_min = 5;
    return rest.starts_with('0') && rest.size() < last_chunk_min;
}

} // namespace async
