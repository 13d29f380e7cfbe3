// Index tags as the service could answer them: read whole or refused. What may be set again fits into a
// header, and no tag of others is lost beside ours.
#include "azure/blob/tags.hpp"

#include "async/error.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view document(reinterpret_cast<const char*>(data), size);
    azure::tag_set tags;
    try {
        tags = azure::parse_tags(document);
    } catch (const async::error&) {
        return 0;
    }
    check(!tags.contains(""), "a tag has a key");
    const auto header = azure::tags_header(tags);
    check(std::all_of(header.begin(), header.end(), [](char c) { return c > ' ' && c <= '~'; }),
          "a header has no blanks and no line ends");
    check(tags.empty() == header.empty() &&
              (tags.empty() ||
               std::count(header.begin(), header.end(), '&') + 1 == static_cast<std::ptrdiff_t>(tags.size())),
          "each tag is one pair");
    const auto both = azure::merged(tags, {{"ours", "1"}, {"archiver", "2"}});
    check(std::ranges::all_of(tags, [&both](const auto& tag) { return both.contains(tag.first); }),
          "tags of others stay");
    check(both.size() <= std::max(tags.size(), azure::tags_max), "ours fit beside them or stay away");
    return 0;
}
