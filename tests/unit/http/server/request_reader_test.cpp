#include "http/server/impl/request_reader.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace http {
namespace {

// Feeds all of it, `step` bytes at a time, as a connection does; returns what was not used up.
std::string feed(request_reader& reader, std::string_view bytes, std::size_t step) {
    std::string waiting;
    while (!reader.done() && !reader.refused()) {
        const bool had_header = reader.header_done();
        const auto used = reader.feed(waiting);
        waiting.erase(0, used);
        if (reader.done() || reader.refused())
            break;
        if (!had_header && reader.header_done())
            continue;
        if (bytes.empty())
            break;
        waiting += bytes.substr(0, step);
        bytes.remove_prefix(std::min(step, bytes.size()));
    }
    return waiting + std::string(bytes);
}

constexpr std::size_t all_at_once = 1'000'000;
constexpr size_limits limits{200, 400, 50};

TEST(request_reader, reads_a_request_however_it_comes) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{7}, all_at_once}) {
        request_reader reader(limits);
        const auto rest =
            feed(reader,
                 "POST /a/b?c=d HTTP/1.1\r\nHost: h\r\nX-Odd:  two words \r\nContent-Length: 5\r\n"
                 "\r\nhelloGET /next",
                 step);
        ASSERT_TRUE(reader.done()) << step;
        EXPECT_EQ(rest, "GET /next") << step;
        const auto& asked = reader.request();
        EXPECT_EQ(asked.method, "POST");
        EXPECT_EQ(asked.path, "/a/b");
        EXPECT_EQ(asked.query, "c=d");
        EXPECT_EQ(asked.header("x-odd"), "two words");
        EXPECT_EQ(asked.header("absent"), "");
        EXPECT_EQ(asked.body, "hello");
        EXPECT_TRUE(reader.keep_alive());
        EXPECT_FALSE(reader.is_http_1_0());
    }
}

TEST(request_reader, reads_chunks) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{5}, all_at_once}) {
        request_reader reader(limits);
        feed(reader,
             "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
             "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
             step);
        ASSERT_TRUE(reader.done()) << step;
        EXPECT_EQ(reader.request().body, "abcde");
    }
}

TEST(request_reader, knows_who_closes) {
    struct row {
        std::string text;
        bool keep_alive;
    };
    const std::string host = "\r\nHost: h\r\n";
    for (const auto& each :
         {row{"GET / HTTP/1.1" + host, true}, row{"GET / HTTP/1.1" + host + "Connection: close\r\n", false},
          row{"GET / HTTP/1.0\r\n", false}, row{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n", true}}) {
        request_reader reader(limits);
        feed(reader, each.text + "\r\n", all_at_once);
        ASSERT_TRUE(reader.done()) << each.text;
        EXPECT_EQ(reader.keep_alive(), each.keep_alive) << each.text;
    }
}

TEST(request_reader, passes_over_empty_lines_before_a_request) {
    request_reader reader(limits);
    feed(reader, "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 1);
    EXPECT_TRUE(reader.done());

    request_reader flooded(limits);
    std::string lines;
    for (int i = 0; i < 1000; ++i)
        lines += "\r\n";
    feed(flooded, lines, 10);
    ASSERT_TRUE(flooded.refused());
    EXPECT_EQ(flooded.refused()->status, 400U);
}

TEST(request_reader, says_what_is_wrong) {
    struct row {
        std::string text;
        unsigned status;
    };
    const std::string host = "Host: h\r\n";
    const std::vector<row> table{
        {"GET / HTTP/1.1\r\n\r\n", 400},                                        // no Host
        {"GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},                     // two
        {"GET / HTTP/2.0\r\n" + host + "\r\n", 505},                            //
        {"GET / HTTP/1.1\n" + host + "\r\n", 505},                              // Beast's word for it
        {"GET  / HTTP/1.1\r\n" + host + "\r\n", 400},                           //
        {"GET a HTTP/1.1\r\n" + host + "\r\n", 400},                            //
        {"GET /#f HTTP/1.1\r\n" + host + "\r\n", 400},                          //
        {"CONNECT h:443 HTTP/1.1\r\n" + host + "\r\n", 400},                    //
        {"BREW / HTTP/1.1\r\n" + host + "\r\n", 501},                           //
        {"get / HTTP/1.1\r\n" + host + "\r\n", 501},                            //
        {"\x16\x03\x01\x02\x00\x01\x00", 400},                                  // TLS
        {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},                            //
        {"GET / HTTP/1.1\r\n" + host + "Expect: tea\r\n\r\n", 417},             //
        {"GET / HTTP/1.1\r\n" + host + "Content-Length: 5x\r\n\r\n", 400},      //
        {"GET / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},      //
        {"GET / HTTP/1.1\r\n" + host + "Content-Length: 1, 2\r\n\r\n", 400},    //
        {"GET / HTTP/1.1\r\n" + host + "Content-Length: 51\r\n\r\n", 413},      //
        {"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", 501}, //
        {"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"GET / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0", 400},
        {"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0", 400},
        {"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n33\r\n" + std::string(60, 'x'),
         413},
        {"GET /" + std::string(300, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414},
        {"GET /" + std::string(900, 'a'), 414},
        {std::string(900, 'A'), 414},
        {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(400, 'a') + "\r\n\r\n", 431},
        {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(900, 'a'), 431},
    };
    for (const auto& each : table)
        for (const std::size_t step : {std::size_t{1}, std::size_t{9}, all_at_once}) {
            request_reader reader(limits);
            feed(reader, each.text, step);
            ASSERT_TRUE(reader.refused()) << step << ": " << each.text;
            EXPECT_EQ(reader.refused()->status, each.status) << step << ": " << each.text;
        }
}

// Beast's own limit is on each field that is not whole yet.
TEST(request_reader, counts_all_fields_together) {
    std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 100; ++i)
        many += "A: b\r\n";
    for (const std::size_t step : {std::size_t{1}, std::size_t{6}, all_at_once}) {
        request_reader reader(limits);
        feed(reader, many, step);
        ASSERT_TRUE(reader.refused()) << step;
        EXPECT_EQ(reader.refused()->status, 431U);
    }
}

TEST(request_reader, a_header_of_the_largest_size_passes) {
    std::string text = "GET /" + std::string(199, 'a') + " HTTP/1.1\r\nHost: h\r\nX: ";
    text += std::string(400 - text.size() - 4, 'b') + "\r\n\r\n";
    ASSERT_EQ(text.size(), 400U);
    for (const std::size_t step : {std::size_t{1}, std::size_t{50}, all_at_once}) {
        request_reader reader(limits);
        feed(reader, text, step);
        EXPECT_TRUE(reader.done()) << step << " " << (reader.refused() ? reader.refused()->status : 0);
    }
}

TEST(request_reader, a_larger_header_is_refused_though_it_comes_whole) {
    std::string text = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
    text += std::string(401 - text.size() - 4, 'b') + "\r\n\r\n";
    for (const std::size_t step : {std::size_t{1}, std::size_t{50}, all_at_once}) {
        request_reader reader(limits);
        feed(reader, text, step);
        ASSERT_TRUE(reader.refused()) << step;
        EXPECT_EQ(reader.refused()->status, 431U);
    }
}

TEST(request_reader, lines_of_chunks_and_trailers_are_bounded) {
    const std::string header = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string begins : {"3;", "3\r\nabc\r\n0\r\nX: "})
        for (const std::size_t step : {std::size_t{1}, std::size_t{50}, all_at_once}) {
            request_reader reader(limits);
            feed(reader, header + begins + std::string(500, 'x'), step);
            ASSERT_TRUE(reader.refused()) << begins << step;
            EXPECT_EQ(reader.refused()->status, 431U);
        }
}

TEST(request_reader, a_body_without_bytes_may_come_in_chunks_and_pieces) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, all_at_once}) {
        request_reader reader(limits);
        feed(reader, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", step);
        EXPECT_TRUE(reader.done()) << step;
    }
}

TEST(request_reader, knows_that_the_client_waits) {
    request_reader reader(limits);
    feed(reader, "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n",
         all_at_once);
    EXPECT_TRUE(reader.header_done());
    EXPECT_FALSE(reader.done());
    EXPECT_TRUE(reader.expects_continue());
}

} // namespace
} // namespace http
