#include "app/text/json_text.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace app {

namespace {

std::string plain(std::string_view number) {
    double value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
    return read.ec == std::errc() ? fmt::format("{}", value) : std::string(number);
}

} // namespace

std::string json_text(const boost::json::value& document) {
    const auto written = boost::json::serialize(document);
    std::string_view rest = written;
    std::string text;
    bool in_string = false;
    while (!rest.empty()) {
        const char first = rest.front();
        std::size_t length = 1;
        if (in_string && first == '\\')
            length = 2;
        else if (first == '"')
            in_string = !in_string;
        else if (!in_string && (first == '-' || (first >= '0' && first <= '9')))
            length = std::min(rest.find_first_not_of("0123456789+-.eE"), rest.size());
        const auto part = rest.substr(0, length);
        text += length > 2 && !in_string && part.find('E') != std::string_view::npos ? plain(part)
                                                                                     : std::string(part);
        rest.remove_prefix(length);
    }
    return text;
}

} // namespace app
