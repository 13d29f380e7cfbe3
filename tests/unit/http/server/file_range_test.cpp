#include "http/server/file_range.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace http {
namespace {

using testing::Contains;
using testing::Pair;

const file_version ten_bytes{10, "\"v1\"", std::chrono::sys_seconds(std::chrono::seconds(784'111'777))};
constexpr auto changed_at = "Sun, 06 Nov 1994 08:49:37 GMT";

request asked_with(std::vector<std::pair<std::string, std::string>> headers, std::string method = "GET") {
    request asked;
    asked.method = std::move(method);
    asked.headers = std::move(headers);
    return asked;
}

TEST(range_of, gives_one_range_and_passes_over_what_is_none) {
    const struct {
        const char* range;
        unsigned status;
        std::uint64_t begin;
        std::uint64_t end;
    } cases[] = {
        {"bytes=0-3", 206, 0, 4},   {"bytes=4-", 206, 4, 10},
        {"bytes=9-9", 206, 9, 10},  {"bytes=5-99", 206, 5, 10},
        {"bytes=-3", 206, 7, 10},   {"bytes=-99", 206, 0, 10},
        {"BYTES=1-2", 206, 1, 3},   {" bytes= 1-2 ", 206, 1, 3},
        {"bytes=10-", 416, 0, 0},   {"bytes=99-100", 416, 0, 0},
        {"bytes=-0", 416, 0, 0},    {"bytes=99999999999999999999999-", 416, 0, 0},
        {"bytes=3-2", 200, 0, 10},  {"bytes=0-1,4-5", 200, 0, 10},
        {"bytes=", 200, 0, 10},     {"bytes=-", 200, 0, 10},
        {"bytes=a-b", 200, 0, 10},  {"bytes=1-b", 200, 0, 10},
        {"bytes=1", 200, 0, 10},    {"lines=1-2", 200, 0, 10},
        {"bytes=+1-2", 200, 0, 10}, {"bytes=1-99999999999999999999999", 206, 1, 10},
        {"bytes=--3", 200, 0, 10},  {"", 200, 0, 10},
    };
    for (const auto& row : cases) {
        const auto range = range_of(asked_with({{"range", row.range}}), ten_bytes);
        EXPECT_EQ(range.status, row.status) << row.range;
        EXPECT_EQ(range.begin, row.begin) << row.range;
        EXPECT_EQ(range.end, row.end) << row.range;
    }
    EXPECT_EQ(range_of(asked_with({{"range", "bytes=0-3"}}, "HEAD"), ten_bytes).status, 200U);
    EXPECT_EQ(range_of(asked_with({{"range", "bytes=-5"}}), {}).status, 200U) << "of a file without bytes";
    EXPECT_EQ(range_of(asked_with({{"range", "bytes=0-"}}), {}).status, 416U);
}

TEST(range_of, gives_a_part_only_of_the_version_that_the_client_has) {
    const auto status_if = [](const char* condition) {
        return range_of(asked_with({{"range", "bytes=4-"}, {"if-range", condition}}), ten_bytes).status;
    };
    EXPECT_EQ(status_if("\"v1\""), 206U);
    EXPECT_EQ(status_if("\"v2\""), 200U);
    EXPECT_EQ(status_if("W/\"v1\""), 200U) << "a weak tag does not say that the bytes are the same";
    EXPECT_EQ(status_if(changed_at), 206U);
    EXPECT_EQ(status_if("Sun, 06 Nov 1994 08:49:38 GMT"), 200U);
    EXPECT_EQ(status_if("nonsense"), 200U);
}

TEST(range_of, answers_304_for_what_the_client_has) {
    const auto status_if = [](const char* name, const char* value, const char* method) {
        return range_of(asked_with({{name, value}}, method), ten_bytes).status;
    };
    EXPECT_EQ(status_if("if-none-match", "\"v1\"", "GET"), 304U);
    EXPECT_EQ(status_if("if-none-match", "\"v0\", W/\"v1\"", "HEAD"), 304U);
    EXPECT_EQ(status_if("if-none-match", "*", "GET"), 304U);
    EXPECT_EQ(status_if("if-none-match", "\"v2\"", "GET"), 200U);
    EXPECT_EQ(status_if("if-modified-since", changed_at, "GET"), 304U);
    EXPECT_EQ(status_if("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT", "GET"), 200U);
    EXPECT_EQ(status_if("if-modified-since", "nonsense", "GET"), 200U);
    const auto both = asked_with({{"if-none-match", "\"v2\""}, {"if-modified-since", changed_at}});
    EXPECT_EQ(range_of(both, ten_bytes).status, 200U) << "the tag says more than the date";
    const auto with_range = asked_with({{"if-none-match", "\"v1\""}, {"range", "bytes=0-1"}});
    EXPECT_EQ(range_of(with_range, ten_bytes).status, 304U);
}

TEST(file_response, says_which_bytes_of_which_version_they_are) {
    const auto part = file_response({206, 4, 10}, ten_bytes);
    EXPECT_EQ(part.stream_size, 6U);
    EXPECT_THAT(part.headers, Contains(Pair("Content-Range", "bytes 4-9/10")));
    EXPECT_THAT(part.headers, Contains(Pair("ETag", "\"v1\"")));
    EXPECT_THAT(part.headers, Contains(Pair("Last-Modified", changed_at)));
    EXPECT_THAT(part.headers, Contains(Pair("Accept-Ranges", "bytes")));
    const auto beyond = file_response({416}, ten_bytes);
    EXPECT_THAT(beyond.headers, Contains(Pair("Content-Range", "bytes */10")));
    EXPECT_EQ(beyond.body, "{\"detail\":\"the file has 10 bytes\"}");
    EXPECT_EQ(file_response({200, 0, 10}, {}).headers.size(), 1U) << "without an ETag and a date";
    EXPECT_FALSE(file_response({304}, ten_bytes).stream_size);
}

} // namespace
} // namespace http
