#include "http/date.hpp"
#include "http/server/date_source.hpp"

#include <gtest/gtest.h>

namespace http {
namespace {

TEST(format_http_date, is_the_one_form_of_rfc_9110) {
    const auto written = [](std::int64_t at) {
        return format_http_date(std::chrono::sys_seconds(std::chrono::seconds(at)));
    };
    EXPECT_EQ(written(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(written(1'709'164'800), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(parse_http_date, reads_what_is_written_and_nothing_else) {
    const auto at = std::chrono::sys_days(std::chrono::year(2025) / 10 / 6) + std::chrono::hours(8) +
                    std::chrono::minutes(49) + std::chrono::seconds(37);
    EXPECT_EQ(format_http_date(at), "Mon, 06 Oct 2025 08:49:37 GMT");
    EXPECT_EQ(parse_http_date("Mon, 06 Oct 2025 08:49:37 GMT"), at);
    for (const auto* text : {"", "Mon, 06 Okt 2025 08:49:37 GMT", "Mon, 31 Feb 2025 08:49:37 GMT",
                             "Mon, 06 Oct 2025 24:49:37 GMT", "Mon, 06 Oct 2025 08:49:37 CET"})
        EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
}

TEST(date_source, has_the_date_of_now) {
    date_source source;
    EXPECT_TRUE(parse_http_date(source.now()).has_value());
}

} // namespace
} // namespace http
