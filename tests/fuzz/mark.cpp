// Metadata as anybody could have left it, "name=value" a line: a mark that can be read is written again as
// the same mark, whatever the metadata of others beside it.
#include "lake/mark/mark.hpp"

#include "lake/mark/mark_change.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    azure::metadata values;
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const auto equals = line.find('=');
        if (equals != std::string_view::npos)
            values.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    const auto read = lake::mark_from(values);
    check(!read.mark || read.mistake.empty(), "a mark or a mistake, not both");
    if (!read.mark)
        return 0;
    check(!read.mark->pending || !read.mark->restoring, "a file waits for one transaction");
    check(lake::awaited(*read.mark).has_value() == (read.mark->pending || read.mark->restoring),
          "what is open has a transaction");
    const auto again = lake::mark_from(lake::metadata_with(*read.mark, values));
    check(again.mark == read.mark, "the mark survives being written again");
    check(!lake::awaited(lake::settled(lake::not_restored(*read.mark))), "what is settled is not open");
    return 0;
}
