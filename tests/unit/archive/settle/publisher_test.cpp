#include "archive/settle/publisher.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

const lake::file_key plain{lake::day::from_text("2024-02-29").value(), lake::compression::none};
constexpr std::string_view next_midnight = "2024-03-01 00:00:00";

lake::placement cool() {
    lake::placement where;
    where.sealed_tier = "Cool";
    where.encryption_scope = "ours";
    where.tags = {{"team", "data"}};
    return where;
}

TEST(placement, of_a_new_file) {
    const auto content = content_to_publish(plain, std::nullopt, next_midnight, cool());
    EXPECT_EQ(content.type, "text/csv; charset=utf-8");
    EXPECT_EQ(content.encoding, "");
    EXPECT_EQ(content.access_tier, "Cool");
    EXPECT_EQ(content.encryption_scope, "ours");
    EXPECT_EQ(content.tags, (azure::tag_set{{"team", "data"}}));
    const lake::file_key packed{plain.which, lake::compression::gzip};
    const auto gzip = content_to_publish(packed, std::nullopt, next_midnight, {});
    EXPECT_EQ(gzip.type, "application/gzip");
    EXPECT_EQ(gzip.encoding, "") << "it is a file of that kind, not a page that is compressed on its way";
}

TEST(placement, of_a_day_that_is_not_over) {
    for (const auto* cutoff : {"2024-02-29 23:59:59.999999", "2024-02-29 00:00:00", "2024-02-01 00:00:00"})
        EXPECT_EQ(content_to_publish(plain, std::nullopt, cutoff, cool()).access_tier, "") << cutoff;
    for (const auto* cutoff : {"2024-03-01 00:00:00", "2024-03-01 00:00:00.5", "2025-01-01 12:00:00"})
        EXPECT_EQ(content_to_publish(plain, std::nullopt, cutoff, cool()).access_tier, "Cool") << cutoff;
}

TEST(placement, keeps_what_a_file_of_others_has) {
    azure::content_headers before;
    before.type = "text/plain";
    before.cache_control = "no-cache";
    before.access_tier = "Cold";
    before.encryption_scope = "theirs";
    before.tags = {{"owner", "them"}, {"team", "theirs"}};
    EXPECT_EQ(content_to_publish(plain, before, next_midnight, {}), before);

    const auto open = content_to_publish(plain, before, "2024-02-29 12:00:00", cool());
    EXPECT_EQ(open.access_tier, "Cold") << "it will be appended to: it stays where it is";
    EXPECT_EQ(open.encryption_scope, "theirs") << "of a blob there is one";
    EXPECT_EQ(open.tags, (azure::tag_set{{"owner", "them"}, {"team", "data"}}));
    EXPECT_EQ(content_to_publish(plain, before, next_midnight, cool()).access_tier, "Cool");
}

} // namespace
} // namespace archive
