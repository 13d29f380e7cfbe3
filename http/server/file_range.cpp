#include "http/server/file_range.hpp"

#include "async/ascii.hpp"
#include "http/date.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

namespace http {

namespace {

constexpr std::string_view byte_unit = "bytes=";

// nullopt if it is no number; the greatest, if it is greater.
std::optional<std::uint64_t> number_of(std::string_view digits) {
    std::uint64_t value = 0;
    const auto* const end = digits.data() + digits.size();
    const auto [stop, failed] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || stop != end)
        return std::nullopt;
    return failed == std::errc() ? value : std::numeric_limits<std::uint64_t>::max();
}

bool is_unchanged(const request& asked, const file_version& file) {
    if (const auto tags = asked.header("if-none-match"); !tags.empty())
        return names_tag(tags, file.etag);
    const auto since = parse_http_date(asked.header("if-modified-since"));
    return since && file.changed && *file.changed <= *since;
}

// Whether the client's part is of this version, as far as it says.
bool is_same_version(const request& asked, const file_version& file) {
    const auto wanted = async::trimmed(asked.header("if-range"));
    if (wanted.empty())
        return true;
    if (wanted.starts_with('"'))
        return wanted == file.etag;
    const auto date = parse_http_date(wanted);
    return date && file.changed && *date == *file.changed;
}

// "5-9", "5-", "-5"; nullopt: it has none of these forms.
std::optional<file_range> one_range(std::string_view text, std::uint64_t size) {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos)
        return std::nullopt;
    const auto first = number_of(text.substr(0, dash));
    const auto last = number_of(text.substr(dash + 1));
    if (dash == 0) {
        if (!last)
            return std::nullopt;
        return *last == 0 ? file_range{416} : file_range{206, size - std::min(*last, size), size};
    }
    if (!first || (!last && dash + 1 < text.size()) || (last && *last < *first))
        return std::nullopt;
    if (*first >= size)
        return file_range{416};
    return file_range{206, *first, last && *last < size ? *last + 1 : size};
}

} // namespace

bool names_tag(std::string_view list, std::string_view etag) {
    if (async::trimmed(list) == "*")
        return true;
    while (!list.empty() && !etag.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        auto one = async::trimmed(list.substr(0, comma));
        if (one.starts_with("W/"))
            one.remove_prefix(2);
        if (one == etag)
            return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

file_range range_of(const request& asked, const file_version& file) {
    const file_range whole{200, 0, file.size};
    if (is_unchanged(asked, file))
        return {304};
    const auto wanted = async::trimmed(asked.header("range"));
    if (asked.method != "GET" || wanted.size() <= byte_unit.size() ||
        async::lowercase(wanted.substr(0, byte_unit.size())) != byte_unit || !is_same_version(asked, file))
        return whole;
    const auto several = wanted.find(',') != std::string_view::npos;
    const auto range =
        several ? std::nullopt : one_range(async::trimmed(wanted.substr(byte_unit.size())), file.size);
    // Of a file without bytes there is no part.
    return range && (range->status == 416 || range->begin < range->end) ? *range : whole;
}

response file_response(const file_range& range, const file_version& file) {
    response made;
    if (range.status == 416)
        made = error_response(416, fmt::format("the file has {} bytes", file.size));
    made.status = range.status;
    if (!file.etag.empty())
        made.headers.emplace_back("ETag", file.etag);
    if (file.changed)
        made.headers.emplace_back("Last-Modified", format_http_date(*file.changed));
    made.headers.emplace_back("Accept-Ranges", "bytes");
    if (range.status == 206)
        made.headers.emplace_back("Content-Range",
                                  fmt::format("bytes {}-{}/{}", range.begin, range.end - 1, file.size));
    if (range.status == 416)
        made.headers.emplace_back("Content-Range", fmt::format("bytes */{}", file.size));
    if (range.status == 200 || range.status == 206)
        made.stream_size = range.end - range.begin;
    return made;
}

} // namespace http
