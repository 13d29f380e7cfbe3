#include "events/projection/configuration_file.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace events {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(configuration_file, reads_every_setting) {
    const auto read = read_configuration("# of a shop\n"
                                         "topic = live, orders # both\n"
                                         "batch=500\r\n"
                                         "batch_bytes = 2MiB\n\n"
                                         "on_error = block\n"
                                         "tables = public.users_revenue, Shop.\"Order\"\n"
                                         "plugins = b, a\n"
                                         "replay = keep\n"
                                         "replay_from = archive\n"
                                         "group = proboDb");
    EXPECT_EQ(read.mistake, "");
    EXPECT_THAT(read.settings.topics, ElementsAre("live", "orders"));
    EXPECT_EQ(read.settings.batch, 500U);
    EXPECT_EQ(read.settings.batch_bytes, std::size_t{2} << 20);
    EXPECT_EQ(read.settings.on_error, error_policy::block);
    EXPECT_EQ(read.settings.replay, replay_policy::keep);
    EXPECT_EQ(read.settings.replay_from, replay_scope::not_archived);
    EXPECT_THAT(read.settings.tables,
                ElementsAre(table_name{"public", "users_revenue"}, table_name{"shop", "Order"}));
    EXPECT_THAT(read.settings.plugins, ElementsAre("b", "a"));
    EXPECT_EQ(read.settings.group, "proboDb");
}

TEST(configuration_file, mistakes_name_their_line) {
    const auto mistake = [](std::string_view text) { return read_configuration(text).mistake; };
    EXPECT_THAT(mistake("topic = live\nretries = 3"), HasSubstr("line 2: 'retries' is not a setting"));
    EXPECT_THAT(mistake("topic"), HasSubstr("line 1: give a setting as `name = value`"));
    EXPECT_THAT(mistake("topic = a b"), HasSubstr("line 1: topic is 'a b': a topic's name"));
    EXPECT_THAT(mistake("topic = a, a"), HasSubstr("give each topic once"));
    EXPECT_THAT(mistake("topic = a\ntopic = b"), HasSubstr("line 2: topic is given a second time"));
    EXPECT_THAT(mistake("topic = a\nbatch = 0"), HasSubstr("line 2: batch is '0': give a number"));
    EXPECT_THAT(mistake("topic = a\nbatch = 10k"), HasSubstr("give a number from 1 to 1000000"));
    EXPECT_THAT(mistake("topic = a\nbatch_bytes = 65MiB"), HasSubstr("give a size"));
    EXPECT_THAT(mistake("topic = a\non_error = skip"), HasSubstr("give dead_letter or block"));
    EXPECT_THAT(mistake("topic = a\ntables = users"), HasSubstr("give names as schema.table"));
    EXPECT_THAT(mistake("topic = a\ntables = a.t, b.t"), HasSubstr("tables of different names"));
    EXPECT_THAT(mistake("topic = a\nreplay_from = yesterday"), HasSubstr("give beginning or archive"));
    EXPECT_THAT(mistake("topic = a\nreplay_from = archive"), HasSubstr("needs replay = keep"));
    EXPECT_THAT(mistake("topic ="), HasSubstr("topic has an empty value"));
    EXPECT_THAT(mistake("batch = 1"), HasSubstr("no topic is given"));
}

TEST(configuration_file, a_table_is_found_by_its_schema_in_sql) {
    const std::vector<table_name> tables{{"public", "users_revenue"}, {"public", "Event"}};
    EXPECT_EQ(line_that_names("-- public.users_revenue\nINSERT INTO users_revenue", tables), 0U);
    EXPECT_EQ(line_that_names("SELECT 1;\nINSERT INTO Public . Users_Revenue", tables), 2U);
    EXPECT_EQ(line_that_names("INSERT INTO public.\"Event\"", tables), 1U);
    EXPECT_EQ(line_that_names("INSERT INTO public.Event", tables), 0U);
}

} // namespace
} // namespace events
