#include "app/text/utf8.hpp"

#include "csv/encoding.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>

namespace app {

std::string valid_utf8(std::string_view text) {
    std::string valid;
    valid.reserve(text.size());
    while (!text.empty()) {
        const auto length = csv::character_size(text);
        valid += length > 0 ? text.substr(0, length) : std::string_view("\xef\xbf\xbd");
        text.remove_prefix(length > 0 ? length : 1);
    }
    return valid;
}

std::string json_quoted(std::string_view text) {
    return boost::json::serialize(boost::json::string_view(valid_utf8(text)));
}

} // namespace app
