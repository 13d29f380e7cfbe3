// Which bytes of a file answer a request: conditions and ranges of RFC 9110, sections 13 and 14.
// Tested by tests/unit/http/server/file_range_test.cpp.
#pragma once

#include "http/request.hpp"
#include "http/response.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace http {

struct file_version {
    std::uint64_t size = 0;
    std::string etag;                                // strong, with its quotes; empty: not known
    std::optional<std::chrono::sys_seconds> changed; // nullopt: not known
};

struct file_range {
    unsigned status = 200; // 200, 206, 304 or 416
    // Bytes [begin, end) to be sent with 200 and 206.
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

// Whether If-None-Match, a list of tags or `*`, names this one. A weak tag is the same as a strong one, as
// the method is GET or HEAD. False for an empty tag, unless `*` is given.
[[nodiscard]] bool names_tag(std::string_view list, std::string_view etag);

// One range is given as 206. A request is answered with 200 if it has several ranges, a malformed range, one
// that does not begin with `bytes=`, or one of another version (If-Range). So is HEAD.
[[nodiscard]] file_range range_of(const request& asked, const file_version& file);

// Status, ETag, Last-Modified, Accept-Ranges, Content-Range and the length of an answer. The caller sets
// `stream` and the type where the status is 200 or 206.
[[nodiscard]] response file_response(const file_range& range, const file_version& file);

} // namespace http
