#include "app/cli/command_line.hpp"
#include "app/cli/offered_names.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using words = std::vector<std::string>;

TEST(offered_names, are_looked_for_where_an_unfinished_line_says) {
    EXPECT_THAT(places_among(words{"journal", "--journal", "/j", "cat"}),
                ElementsAre(Pair("--journal", "/j")));
    EXPECT_THAT(places_among(words{"restore", "--path=box/a=b", "-c", "x.yaml"}),
                ElementsAre(Pair("--config", "x.yaml"), Pair("--path", "box/a=b")));
    // As bash has "--tasks=/t".
    EXPECT_THAT(places_among(words{"export", "--tasks", "=", "/t", "a"}), ElementsAre(Pair("--tasks", "/t")));
    EXPECT_THAT(places_among(words{"list", "--allow-http", "--from"}),
                ElementsAre(Pair("--allow-http", "true")));
    EXPECT_THAT(places_among(words{"journal", "--journal"}), testing::SizeIs(1));
}

TEST(offered_names, take_no_setting_that_could_write_a_file) {
    EXPECT_THAT(places_among(words{"list", "--report", "/r", "--trace=/t", "--database", "host=db"}),
                IsEmpty());
}

TEST(offered_names, have_a_kind_with_a_name) {
    for (const auto kind :
         {name_kind::days, name_kind::files, name_kind::topics, name_kind::tasks, name_kind::projections}) {
        EXPECT_EQ(name_kind_of(to_string(kind)), kind);
        const auto parsed =
            parse_command_line({"completion", std::string(to_string(kind)), "--", "x", "-c", "y"});
        ASSERT_TRUE(parsed.value) << parsed.standard_error;
        EXPECT_EQ(parsed.value->names, kind);
        EXPECT_THAT(parsed.value->flags, ElementsAre(Pair("--config", "y")));
    }
    EXPECT_EQ(name_kind_of("bash"), name_kind::none);
}

} // namespace
} // namespace app
