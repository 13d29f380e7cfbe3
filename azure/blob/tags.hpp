// Blob index tags: pairs by which an account's blobs can be found. No I/O here.
// https://learn.microsoft.com/azure/storage/blobs/storage-manage-find-blobs
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace azure {

using tag_set = std::map<std::string, std::string>;

inline constexpr std::size_t tags_max = 10; // of a blob

// What is wrong with these tags (more than 10; a key of 1 to 128 or a value of 0 to 256 characters exceeded;
// a character the service does not take), or empty.
[[nodiscard]] std::string tags_mistake(const tag_set& tags);

// "key=value&key=value", percent-encoded: the header x-ms-tags.
[[nodiscard]] std::string tags_header(const tag_set& tags);

// The answer of Get Blob Tags. Throws async::error(unclassified) on anything else.
[[nodiscard]] tag_set parse_tags(std::string_view xml);

// All of `before`, and of `added` what fits beside them; a key that both have gets the value of `added`.
[[nodiscard]] tag_set merged(const tag_set& before, const tag_set& added);

} // namespace azure
