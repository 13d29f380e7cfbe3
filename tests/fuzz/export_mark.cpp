// The mark of an exported file, as a file beside it or as a blob's metadata could hold it: read whole or
// refused with a clause, and it survives being written either way.
#include "exports/sink/mark.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <string_view>
#include <variant>

namespace {

bool plain(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = exports::mark_from(text);
    const auto* mark = std::get_if<exports::file_mark>(&read);
    if (mark == nullptr) {
        check(!std::get<std::string>(read).empty(), "what is no mark is so for a reason");
        return 0;
    }
    check(exports::mark_from(exports::text_of(*mark)) == read, "it comes back from its text");
    if (!plain(mark->task) || !plain(mark->author.run) || !plain(mark->author.position.cluster) ||
        !plain(mark->author.position.database))
        return 0;
    const auto stored = lake::metadata_with(exports::for_lake(*mark), {{"owner", "others"}});
    for (const auto& [name, value] : stored)
        check(std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; }),
              "metadata is ASCII");
    const auto again = lake::mark_from(stored);
    check(again.mark.has_value(), "a blob's metadata holds it");
    check(exports::from_lake(*again.mark) == *mark, "and gives it back");
    return 0;
}
