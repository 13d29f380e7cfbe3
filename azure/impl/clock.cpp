#include "azure/impl/clock.hpp"

#include "http/date.hpp"

#include <fmt/format.h>

namespace azure {

std::string clock_hint(const http::wire_response& answer, std::chrono::system_clock::time_point now,
                       std::chrono::minutes worth) {
    const auto theirs = http::parse_http_date(answer.header("date"));
    if (!theirs)
        return {};
    const auto ahead = std::chrono::round<std::chrono::minutes>(now - *theirs);
    if (std::chrono::abs(ahead) < worth)
        return {};
    return fmt::format("This machine's clock is {} minutes {} the server's; set it right.",
                       std::chrono::abs(ahead).count(), ahead.count() > 0 ? "ahead of" : "behind");
}

} // namespace azure
