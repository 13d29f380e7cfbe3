#include "lake/ledger/types_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace lake {

namespace {

constexpr std::string_view types_member = R"(,"what":"types","types":")";
constexpr std::string_view text_member = R"(","text":")";
constexpr std::string_view escape = "\\u00";
constexpr std::size_t escape_digits = 2; // behind `escape`
constexpr int hexadecimal = 16;

// Escapes quotes too: a reader of the other lines looks for names of members between quotes.
std::string escaped(std::string_view text) {
    std::string json;
    for (const char each : text) {
        const auto code = static_cast<unsigned char>(each);
        if (code < ' ' || each == '"' || each == '\\')
            fmt::format_to(std::back_inserter(json), "{}{:02x}", escape, code);
        else
            json.push_back(each);
    }
    return json;
}

std::optional<std::string> unescaped(std::string_view json) {
    std::string text;
    while (!json.empty()) {
        if (json.front() != '\\') {
            text.push_back(json.front());
            json.remove_prefix(1);
            continue;
        }
        const auto code = json.substr(0, escape.size() + escape_digits);
        unsigned char value = 0;
        const auto [end, failed] = std::from_chars(code.data() + std::min(escape.size(), code.size()),
                                                   code.data() + code.size(), value, hexadecimal);
        if (!code.starts_with(escape) || failed != std::errc() ||
            end != code.data() + escape.size() + escape_digits)
            return std::nullopt;
        text.push_back(static_cast<char>(value));
        json.remove_prefix(code.size());
    }
    return text;
}

} // namespace

std::string types_line(const noted_types& types, std::string_view time) {
    return fmt::format("{{\"time\":\"{}\"{}{:016x}{}{}\"}}\n", time, types_member, types.checksum,
                       text_member, escaped(types.text));
}

std::optional<noted_types> types_from(std::string_view line) {
    constexpr std::string_view ending = "\"}";
    constexpr std::size_t time_max = 64;
    const auto at = line.substr(0, time_max).find(types_member);
    if (at == std::string_view::npos || !line.ends_with(ending))
        return std::nullopt;
    line.remove_prefix(at + types_member.size());
    line.remove_suffix(ending.size());
    noted_types types;
    const auto [end, failed] =
        std::from_chars(line.data(), line.data() + line.size(), types.checksum, hexadecimal);
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
    if (failed != std::errc() || !line.starts_with(text_member))
        return std::nullopt;
    auto text = unescaped(line.substr(text_member.size()));
    if (!text)
        return std::nullopt;
    types.text = *std::move(text);
    return types;
}

} // namespace lake
