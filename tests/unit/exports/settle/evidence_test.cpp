#include "exports/settle/evidence.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace exports {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const target_table versions{"chat.\"Message\"", {"id", "part", "text"}, {{"part", "id"}}, {}};

evidence_taker taker(std::vector<std::string> columns = {"text", "part", "id"}, bool plain = true) {
    comparison how;
    how.columns = std::move(columns);
    return evidence_taker(how, versions, plain, "Europe/Tallinn");
}

TEST(evidence, is_some_of_many_rows) {
    auto all = taker();
    for (int row = 1; row <= 1'000'000; row += row < 100 ? 1 : 997)
        all.add("\"a,\"\"\"," + std::to_string(row) + ",x\n");
    EXPECT_THAT(all.taken().rows, SizeIs(testing::AllOf(testing::Ge(4), testing::Le(8))));
    EXPECT_THAT(all.taken().rows[0].key, ElementsAre("1", "x"));
    EXPECT_THAT(all.taken().rows[1].key, ElementsAre("4", "x"));
    EXPECT_EQ(all.taken().rows[0].crc, lake::content_hash("\"a,\"\"\",1,x"));
}

TEST(evidence, comes_back_from_its_text) {
    auto all = taker();
    all.add("a,,\"%,;'=\n\"\n");
    all.add("b,2,õ\n");
    const auto text = text_of(all.taken());
    EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.%,;'"),
              std::string::npos)
        << text;
    EXPECT_EQ(evidence_from(text), all.taken());
    for (std::size_t size = 0; size < text.size(); ++size)
        try {
            (void)evidence_from(text.substr(0, size));
        } catch (const std::invalid_argument&) {
        }
    EXPECT_THROW((void)evidence_from("2;a;'b;'b;UTC;00,'1"), std::invalid_argument);
    EXPECT_THROW((void)evidence_from("1;a;'b;'b,'c;UTC;00,'1"), std::invalid_argument);
}

TEST(evidence, is_empty_without_a_key_or_in_another_dialect) {
    for (auto each : {taker({"text", "id"}), taker({"text", "part", "id"}, false), evidence_taker()}) {
        each.add("a,1,2\n");
        EXPECT_EQ(text_of(each.taken()), "");
    }
    auto large = taker();
    large.add("a,1," + std::string(200, 'x') + "\n");
    EXPECT_EQ(text_of(large.taken()), "");
}

TEST(evidence, is_looked_for_by_its_key) {
    auto all = taker();
    all.add("a,1,it's\n");
    EXPECT_EQ(
        look_sql(all.taken(), all.taken().rows),
        "COPY (SELECT t.\"text\", t.\"part\", t.\"id\" FROM chat.\"Message\" AS t WHERE (t.\"part\" "
        "OPERATOR(pg_catalog.=) '1' AND t.\"id\" OPERATOR(pg_catalog.=) 'it''s')) TO STDOUT (FORMAT csv)");
    for (int row = 2; row <= 4; ++row) // of which the fourth is taken
        all.add("b,2,x\n");
    EXPECT_NE(look_sql(all.taken(), all.taken().rows).find("'it''s') OR (t.\"part\" "), std::string::npos);
}

} // namespace
} // namespace exports
