#include "app/text/render_erasure.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace app {
namespace {

archive::erasure counted_erasure() {
    archive::erasure did;
    did.condition_sha256 = "ab12";
    did.rows_of_table = 1;
    did.files.push_back({"logs/events_2024-01-02.csv",
                         lake::day::from_text("2024-01-02").value(),
                         2,
                         {1'234, 9'000, 0xff},
                         {1'234, 9'000, 0xff}});
    return did;
}

TEST(render_erasure, says_what_would_go_and_what_stays_beyond_reach) {
    const auto text = render_erasure(counted_erasure(), {}, "run", output_format::text);
    EXPECT_NE(text.find("2024-01-02     2  1,234  events_2024-01-02.csv"), std::string::npos) << text;
    EXPECT_NE(text.find("would erase 2 rows of 1 archived file, and 1 row of the table"), std::string::npos);
    EXPECT_NE(text.find("nothing was changed: --yes erases them"), std::string::npos);
    const auto tried = render_erasure(counted_erasure(), {"true", {}, true}, "run", output_format::text);
    EXPECT_NE(tried.find("nothing was changed, because --dry-run or DRY_RUN is set; without it: --yes"),
              std::string::npos);
    EXPECT_NE(text.find("- earlier versions, snapshots"), std::string::npos);
    EXPECT_EQ(text.find("row security"), std::string::npos);
}

TEST(render_erasure, says_that_nothing_matches_and_breaks_no_word) {
    const auto text = render_erasure({}, {}, "run", output_format::text, 40);
    EXPECT_TRUE(text.starts_with("no row matches")) << text;
    EXPECT_EQ(text.find("--yes"), std::string::npos);
    for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1)
        EXPECT_LE(text.find('\n', begin) - begin, 40U) << text.substr(begin, 60);
}

TEST(render_erasure, a_receipt_is_a_document_whatever_is_asked_for) {
    auto did = counted_erasure();
    did.done = did.verified = did.hidden = true;
    did.files.front().after = {1'232, 8'900, 0xfe};
    const auto text = render_erasure(did, {"true", {std::nullopt, lake::day::from_text("2024-01-03")}, true},
                                     "run", output_format::text);
    EXPECT_TRUE(text.starts_with(
        R"({"schema":"event-archiver/erase/v1","done":true,"verified":true,"condition_sha256":"ab12","from":null,"to":"2024-01-03")"))
        << text;
    EXPECT_NE(text.find(R"("after":{"rows":1232,"bytes":8900,"crc":"00000000000000fe"})"), std::string::npos);
    EXPECT_NE(text.find("row security"), std::string::npos);
}

TEST(render_erasure, a_receipt_on_a_terminal_is_the_same_document_in_lines) {
    auto did = counted_erasure();
    did.done = did.verified = true;
    const auto text = render_erasure(did, {}, "run", output_format::text, 80);
    EXPECT_TRUE(text.starts_with("{\n  \"schema\": \"event-archiver/erase/v1\",\n  \"done\": true,\n"))
        << text;
    EXPECT_NE(text.find("\n      \"before\": {\"rows\":1234,\"bytes\":9000,\"crc\":\"00000000000000ff\"},\n"),
              std::string::npos)
        << text;
    const auto in_one_line = render_erasure(did, {}, "run", output_format::json, 80);
    auto read = boost::json::parse(text).get_object();
    auto expected = boost::json::parse(in_one_line).get_object();
    read.erase("time");
    expected.erase("time");
    EXPECT_EQ(read, expected);
}

} // namespace
} // namespace app
