#include "http/server/date_source.hpp"

#include "http/date.hpp"

namespace http {

std::string_view date_source::now() {
    const auto second = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (second != of_ || text_.empty()) {
        text_ = format_http_date(second);
        of_ = second;
    }
    return text_;
}

} // namespace http
