#include "db/changed_rows.hpp"
#include "db/delete_effects.hpp"
#include "db/side_effects.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace {

using db::change;
using db::effect;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const db::table_name event_table{1, "public.event"};
const db::table_name session_table{2, "public.session"};
const db::table_name note_table{3, "public.note"};

TEST(difference, leaves_out_what_earlier_transactions_did) {
    const db::change_counters before{true, "s", {{10, 1, "a", 5, 5, 5}, {11, 1, "a", 1, 0, 0}}};
    const db::change_counters after{
        true, "s", {{10, 1, "a", 5, 5, 7}, {11, 1, "a", 1, 0, 0}, {12, 2, "b", 0, 3, 0}}};
    const auto changed = db::difference(before, after);
    EXPECT_TRUE(changed.measured);
    EXPECT_FALSE(changed.storage_changed);
    EXPECT_THAT(changed.relations, ElementsAre(db::relation_changes{10, 1, "a", 0, 0, 2},
                                               db::relation_changes{12, 2, "b", 0, 3, 0}));
}

TEST(difference, is_not_measured_unless_both_readings_counted) {
    EXPECT_FALSE(db::difference({true, "", {}}, {false, "", {}}).measured);
    EXPECT_FALSE(db::difference({false, "", {}}, {true, "", {}}).measured);
    EXPECT_TRUE(db::difference({true, "1", {}}, {true, "2", {}}).storage_changed);
}

TEST(by_root, adds_partitions_up) {
    EXPECT_THAT(
        db::by_root({{10, 1, "a", 1, 0, 2}, {11, 1, "a", 0, 1, 3}, {5, 5, "b", 0, 0, 1}}),
        ElementsAre(db::relation_changes{1, 1, "a", 1, 1, 5}, db::relation_changes{5, 5, "b", 0, 0, 1}));
}

TEST(effects_of_delete, follows_constraints_over_hops_and_ends) {
    db::effect_catalog catalog;
    catalog.references = {{"hop1", session_table, event_table, 'c', 'a'},
                          {"hop2", event_table, session_table, 'c', 'a'}};
    const auto found = db::effects_of_delete(catalog, event_table.oid);
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(found[1].table, event_table);
    EXPECT_EQ(found[1].change, change::deleted);
    EXPECT_EQ(
        db::in_words(db::explain(found, event_table.oid)),
        "foreign key hop1 of public.session (ON DELETE CASCADE), foreign key hop2 of public.event (ON DELETE "
        "CASCADE)");
}

TEST(effects_of_delete, goes_on_from_set_null_only_by_updates) {
    db::effect_catalog catalog;
    catalog.references = {{"a", session_table, event_table, 'n', 'a'},
                          {"b", note_table, session_table, 'c', 'a'}};
    EXPECT_THAT(db::effects_of_delete(catalog, event_table.oid), SizeIs(1));
    catalog.references[1].on_update = 'c';
    const auto found = db::effects_of_delete(catalog, event_table.oid);
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_EQ(found[1].words, "foreign key b of public.note (ON UPDATE CASCADE)");
    EXPECT_EQ(found[1].change, change::updated);
}

TEST(effects_of_delete, takes_triggers_that_fire_on_the_way) {
    db::effect_catalog catalog;
    catalog.references = {{"a", session_table, event_table, 'c', 'a'}};
    catalog.reactions = {{db::reaction::kind::trigger, "t", session_table, true, false},
                         {db::reaction::kind::trigger, "u", session_table, false, true},
                         {db::reaction::kind::rule, "r", event_table, true, false}};
    const auto found = db::effects_of_delete(catalog, event_table.oid);
    EXPECT_EQ(db::in_words(db::explain(found, note_table.oid)),
              "rule r on public.event, trigger t on public.session");
    EXPECT_THAT(db::effects_of_delete(catalog, note_table.oid), IsEmpty());
}

} // namespace
