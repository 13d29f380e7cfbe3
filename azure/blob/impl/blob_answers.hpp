// What the headers of answers say about blobs.
// Tested by tests/unit/azure/blob/blob_client_test.cpp.
#pragma once

#include "azure/blob/metadata.hpp"
#include "http/client/session_pool.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace azure {

[[nodiscard]] blob_properties properties_of(std::string_view name, const http::wire_response& answer);

[[nodiscard]] container_properties container_properties_of(const http::wire_response& answer);

// "bytes 0-4/10", or "bytes */10" when nothing of the range exists.
struct content_range {
    std::optional<std::uint64_t> first;
    std::uint64_t total = 0;
};
[[nodiscard]] std::optional<content_range> parse_content_range(std::string_view header) noexcept;

} // namespace azure
