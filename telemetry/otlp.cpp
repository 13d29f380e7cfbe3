#include "telemetry/otlp.hpp"

#include "async/ascii.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>

#include <algorithm>

namespace telemetry {

namespace json = boost::json;

namespace {

template <typename Pairs>
json::array attributes(const Pairs& pairs) {
    json::array list;
    for (const auto& [key, value] : pairs)
        list.push_back({{"key", key}, {"value", {{"stringValue", value}}}});
    return list;
}

// Of a header's name, RFC 9110.
bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char letter) {
        return letter > ' ' && letter < '\x7f' &&
               std::string_view("\"(),/:;<=>?@[\\]{}").find(letter) == std::string_view::npos;
    });
}

bool is_printable(std::string_view text) {
    return std::ranges::none_of(text, [](char letter) { return static_cast<unsigned char>(letter) < ' '; });
}

} // namespace

std::string otlp_request(std::span<const metric> metrics, const resource& speaker,
                         std::chrono::system_clock::time_point at) {
    // 64-bit integers are strings in Protobuf's JSON.
    const auto time =
        std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count());
    json::array list;
    for (const auto& metric : metrics) {
        json::array points;
        for (const auto& sample : metric.samples)
            points.push_back({{"attributes", attributes(sample.labels)},
                              {"timeUnixNano", time},
                              {"asDouble", sample.value}});
        if (!points.empty())
            list.push_back({{"name", metric.name},
                            {"description", metric.help},
                            {"unit", metric.unit},
                            {"gauge", {{"dataPoints", std::move(points)}}}});
    }
    json::object scope{{"scope", {{"name", "event-archiver"}}}, {"metrics", std::move(list)}};
    json::object source{{"resource", {{"attributes", attributes(speaker)}}},
                        {"scopeMetrics", json::array{std::move(scope)}}};
    return json::serialize(json::object{{"resourceMetrics", json::array{std::move(source)}}});
}

std::variant<header_list, std::string> parse_otlp_headers(std::string_view text) {
    header_list headers;
    for (const auto part : async::split(text, ',')) {
        const auto pair = async::trimmed(part);
        if (pair.empty())
            continue;
        const auto equals = pair.find('=');
        const auto name = async::trimmed(pair.substr(0, equals));
        if (equals == std::string_view::npos || !is_token(name))
            return "give it as name=value,name=value";
        const auto value = async::trimmed(pair.substr(equals + 1));
        const auto encoded = boost::urls::make_pct_string_view({value.data(), value.size()});
        if (!encoded)
            return "a '%' in a value stands before two hex digits";
        std::string decoded;
        for (const char letter : **encoded)
            decoded += letter;
        if (!is_printable(decoded))
            return "a header's value holds a control character";
        headers.emplace_back(name, std::move(decoded));
    }
    return headers;
}

} // namespace telemetry
