#include "http/client/response_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace http {
namespace {

// What a session does: it keeps what was not used, and gives it again with what comes next.
void feed_in_pieces(response_reader& reader, std::string_view text, std::size_t step, std::string& body) {
    std::string kept;
    for (std::size_t at = 0; at < text.size(); at += step) {
        kept += text.substr(at, step);
        const auto used = reader.feed(kept);
        for (const auto piece : reader.pieces())
            body += piece;
        kept.erase(0, used);
    }
    EXPECT_EQ(kept, "");
}

TEST(response_reader, takes_chunks_and_their_end_in_pieces_of_any_size) {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::pair<std::string, std::string> cases[] = {
        {"0\r\n\r\n", ""},
        {"0;name=value\r\n\r\n", ""},
        {"0\r\nX-Trailer: 1\r\n\r\n", ""},
        {"3\r\n000\r\n0\r\n\r\n", "000"},
        {"5\r\n00\r\n0\r\n1\r\n0\r\n0\r\n\r\n", "00\r\n00"},
        {"00000\r\n\r\n", ""},
    };
    for (const auto& [body, content] : cases)
        for (std::size_t step = 1; step <= body.size() + head.size(); ++step) {
            SCOPED_TRACE(body + " by " + std::to_string(step));
            response_reader reader(false, response_reader::body_goes::to_pieces);
            std::string got;
            feed_in_pieces(reader, head + body, step, got);
            EXPECT_TRUE(reader.done());
            EXPECT_EQ(got, content);
            response_reader other(false, response_reader::body_goes::to_string);
            feed_in_pieces(other, head + body, step, got);
            EXPECT_EQ(other.response().body, content);
        }
}

} // namespace
} // namespace http
