#include "lake/mark/mark_text.hpp"

#include "async/number.hpp"
#include "csv/encoding.hpp"
#include "lake/day.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace lake::mark_text {

namespace {

constexpr std::string_view between_fields = "+";
constexpr std::string_view reserved_in_fields = "%,=+";

std::string decoded(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        if (text.front() != '%') {
            result += text.front();
            text.remove_prefix(1);
            continue;
        }
        if (text.size() < 3)
            throw std::invalid_argument("a '%' without its two digits");
        result += static_cast<char>(number(text.substr(1, 2), 16));
        text.remove_prefix(3);
    }
    return result;
}

} // namespace

std::uint64_t number(std::string_view text, int base) {
    const auto value = async::number_from<std::uint64_t>(text, base);
    if (!value)
        throw std::invalid_argument(fmt::format("'{}' is not a number", text));
    return *value;
}

field_map fields_of(std::string_view text) {
    field_map fields;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const auto field = text.substr(0, comma);
        const auto equals = field.find('=');
        if (equals == std::string_view::npos)
            throw std::invalid_argument(fmt::format("'{}' is not key=value", field));
        fields.emplace(field.substr(0, equals), field.substr(equals + 1));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return fields;
}

std::string_view field(const field_map& fields, std::string_view key) {
    const auto found = fields.find(key);
    if (found == fields.end())
        throw std::invalid_argument(fmt::format("'{}' is missing", key));
    return found->second;
}

std::string encoded(std::string_view text, std::string_view reserved) {
    std::string result;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte > 0x20 && byte < 0x7f && reserved.find(letter) == std::string_view::npos)
            result += letter;
        else
            result += fmt::format("%{:02x}", byte);
    }
    return result;
}

std::string text_from(std::string_view encoded_text, std::string_view name) {
    auto text = decoded(encoded_text);
    if (csv::find_no_text(text))
        throw std::invalid_argument(fmt::format("'{}' is not UTF-8 text", name));
    return text;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) {
        if (&part != &parts.front())
            text += between_fields;
        text += encoded(part, reserved_in_fields);
    }
    return text;
}

std::vector<std::string> parts_of(std::string_view text, std::string_view name) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(between_fields);
        parts.push_back(text_from(text.substr(0, end), name));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + between_fields.size());
    }
}

std::vector<std::string> plain_names(std::string_view quoted) {
    std::vector<std::string> names;
    for (;;) {
        std::string name;
        if (quoted.starts_with('"')) {
            quoted.remove_prefix(1);
            for (;;) {
                const auto quote = quoted.find('"');
                if (quote == std::string_view::npos)
                    throw std::invalid_argument("a quoted name has no end");
                name += quoted.substr(0, quote);
                quoted.remove_prefix(quote + 1);
                if (!quoted.starts_with('"'))
                    break;
                name += '"';
                quoted.remove_prefix(1);
            }
        } else {
            const auto end = std::min(quoted.find('.'), quoted.size());
            name = quoted.substr(0, end);
            quoted.remove_prefix(end);
        }
        names.push_back(std::move(name));
        if (quoted.empty())
            return names;
        if (!quoted.starts_with('.'))
            throw std::invalid_argument("names are not separated by a dot");
        quoted.remove_prefix(1);
    }
}

bool is_moment(std::string_view text) {
    constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:ddZ";
    const auto fits = [](char letter, char wanted) {
        return wanted == 'd' ? letter >= '0' && letter <= '9' : letter == wanted;
    };
    return std::ranges::equal(text, pattern, fits) && day::from_text(text.substr(0, 10)) &&
           text.substr(11, 2) < "24" && text.substr(14, 2) < "60" && text.substr(17, 2) < "60";
}

bool is_timestamp(std::string_view text) {
    constexpr std::size_t whole_seconds = 19;
    constexpr std::size_t microseconds = 26;
    if (text.size() < whole_seconds || text.size() > microseconds || text[10] != 'T')
        return false;
    const auto fraction = text.substr(whole_seconds);
    const bool digits =
        fraction.empty() || (fraction.size() > 1 && fraction.front() == '.' &&
                             fraction.find_first_not_of("0123456789", 1) == std::string_view::npos);
    return digits && is_moment(fmt::format("{}Z", text.substr(0, whole_seconds)));
}

} // namespace lake::mark_text
