#include "azure/blob/tags.hpp"

#include "async/quotable.hpp"
#include "azure/blob/impl/xml_reader.hpp"
#include "azure/blob/request.hpp"
#include "azure/percent_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace azure {

namespace {

constexpr std::size_t key_max = 128;
constexpr std::size_t value_max = 256;
constexpr std::string_view signs = " +-.:=_/";

bool is_allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           signs.find(c) != std::string_view::npos;
}

bool all_allowed(std::string_view text) { return std::all_of(text.begin(), text.end(), is_allowed); }

std::pair<std::string, std::string> read_tag(xml_reader& reader) {
    std::pair<std::string, std::string> tag;
    while (reader.next_child()) {
        if (reader.name() == "Key")
            tag.first = reader.text();
        else if (reader.name() == "Value")
            tag.second = reader.text();
        else
            reader.skip();
    }
    if (tag.first.empty())
        reader.fail("a tag lacks its key");
    return tag;
}

} // namespace

std::string tags_mistake(const tag_set& tags) {
    if (tags.size() > tags_max)
        return fmt::format("a blob has at most {} tags, these are {}", tags_max, tags.size());
    for (const auto& [key, value] : tags) {
        if (key.empty() || key.size() > key_max)
            return fmt::format("a tag's key has 1 to {} characters", key_max);
        if (value.size() > value_max)
            return fmt::format("the value of tag {} has more than {} characters", async::quoted(key),
                               value_max);
        if (!all_allowed(key) || !all_allowed(value))
            return fmt::format("tag {} has a character other than letters, digits, space and + - . : = _ /",
                               async::quoted(key));
    }
    return {};
}

std::string tags_header(const tag_set& tags) {
    std::string text;
    for (const auto& [key, value] : tags) {
        text += text.empty() ? "" : "&";
        text.append(encode_query_value(key)).append("=").append(encode_query_value(value));
    }
    return text;
}

tag_set parse_tags(std::string_view xml) {
    xml_reader reader(xml, "Tags");
    tag_set tags;
    while (reader.next_child()) {
        if (reader.name() != "TagSet") {
            reader.skip();
            continue;
        }
        while (reader.next_child()) {
            if (reader.name() != "Tag")
                reader.fail("something other than a tag is among the tags");
            tags.insert(read_tag(reader));
        }
    }
    reader.finish();
    return tags;
}

tag_set merged(const tag_set& before, const tag_set& added) {
    auto all = before;
    for (const auto& [key, value] : added)
        if (all.contains(key) || all.size() < tags_max)
            all.insert_or_assign(key, value);
    return all;
}

} // namespace azure
