#include "telemetry/otlp.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace telemetry {
namespace {

TEST(otlp_request, is_the_json_of_an_export_request) {
    const metric metrics[] = {{"took_seconds", "Time.", "s", {{{{"phase", "a"}}, 0.5}}},
                              {"nothing", "", "s", {}}};
    const std::chrono::system_clock::time_point at{std::chrono::milliseconds(1'795'221'595'337)};
    EXPECT_EQ(boost::json::parse(otlp_request(metrics, {{"service.name", "night \"run\""}}, at)),
              boost::json::parse(R"({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "night \"run\""}}]},
        "scopeMetrics": [{"scope": {"name": "event-archiver"}, "metrics": [{
            "name": "took_seconds", "description": "Time.", "unit": "s",
            "gauge": {"dataPoints": [{
                "attributes": [{"key": "phase", "value": {"stringValue": "a"}}],
                "timeUnixNano": "1795221595337000000", "asDouble": 0.5}]}}]}]}]})"));
}

TEST(parse_otlp_headers, reads_pairs_and_decodes_values) {
    const std::pair<std::string_view, header_list> cases[] = {
        {"", {}},
        {"api-key=secret", {{"api-key", "secret"}}},
        {" a = 1 , b=x%20y%2C,, ", {{"a", "1"}, {"b", "x y,"}}},
        {"authorization=Basic dXNlcjpwYXNz==", {{"authorization", "Basic dXNlcjpwYXNz=="}}},
        {"empty=", {{"empty", ""}}},
    };
    for (const auto& [text, expected] : cases) {
        const auto headers = parse_otlp_headers(text);
        ASSERT_TRUE(std::holds_alternative<header_list>(headers)) << text;
        EXPECT_EQ(std::get<header_list>(headers), expected) << text;
    }
}

TEST(parse_otlp_headers, refuses_invalid_headers_without_quoting_them) {
    for (const auto* const text :
         {"canary", "=canary", "a b=canary", "a=canary%zz", "a=canary%", "a=canary%0d%0aX: 1"}) {
        const auto headers = parse_otlp_headers(text);
        ASSERT_TRUE(std::holds_alternative<std::string>(headers)) << text;
        EXPECT_EQ(std::get<std::string>(headers).find("canary"), std::string::npos);
    }
}

} // namespace
} // namespace telemetry
