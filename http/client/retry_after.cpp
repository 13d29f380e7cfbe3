#include "http/client/retry_after.hpp"

#include "async/number.hpp"
#include "http/date.hpp"

#include <algorithm>
#include <string_view>

namespace http {

using std::chrono::milliseconds;

namespace {

constexpr std::chrono::hours longest_wish{1}; // beyond any server's sense, and far from overflow

std::optional<milliseconds> number_of(std::string_view text, milliseconds unit) {
    const auto value = async::number_from<std::uint32_t>(text);
    if (!value)
        return std::nullopt;
    return std::min<milliseconds>(unit * std::int64_t{*value}, longest_wish);
}

} // namespace

std::optional<milliseconds> retry_after(const wire_response& answer,
                                        std::chrono::system_clock::time_point now) {
    for (const auto* const name : {"x-ms-retry-after-ms", "retry-after-ms"})
        if (const auto pause = number_of(answer.header(name), milliseconds(1)))
            return pause;
    const auto header = answer.header("retry-after");
    if (const auto pause = number_of(header, std::chrono::seconds(1)))
        return pause;
    if (const auto at = parse_http_date(header))
        return std::clamp<milliseconds>(std::chrono::ceil<milliseconds>(*at - now), milliseconds(0),
                                        longest_wish);
    return std::nullopt;
}

} // namespace http
