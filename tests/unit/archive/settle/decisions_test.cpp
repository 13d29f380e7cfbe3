#include "archive/settle/decisions.hpp"
#include "db/fate.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

namespace archive {
namespace {

constexpr std::array origins{origin::this_database, origin::elsewhere};
constexpr std::array fates{db::fate::committed, db::fate::aborted, db::fate::in_progress, db::fate::unknown};
constexpr std::array all_rows{tail_rows::not_looked,    tail_rows::all_in_table,   tail_rows::none_in_table,
                              tail_rows::some_in_table, tail_rows::not_comparable, tail_rows::no_rows};

// One line of the table in docs/protocol.md; what is not named may be anything.
struct rule {
    const char* context;
    std::optional<archive::origin> origin;
    std::optional<db::fate> fate;
    std::optional<tail_rows> rows;
    std::optional<bool> has_base;
    settle_decision expected;
    std::optional<bool> ahead = false;
    std::optional<bool> said_committed = {};

    [[nodiscard]] bool covers(const settle_facts& facts) const {
        return origin.value_or(facts.origin) == facts.origin && fate.value_or(facts.fate) == facts.fate &&
               rows.value_or(facts.rows) == facts.rows &&
               has_base.value_or(facts.has_base) == facts.has_base &&
               ahead.value_or(facts.ahead) == facts.ahead &&
               said_committed.value_or(facts.said == db::fate::committed) ==
                   (facts.said == db::fate::committed);
    }
};

constexpr auto here = origin::this_database;
constexpr std::nullopt_t any = std::nullopt;

const rule rules[] = {
    {"a mark of another cluster, database or table is never guessed at", //
     origin::elsewhere, any, any, any, settle_decision::refuse_foreign, any},
    {"committed: the rows are in the file only", //
     here, db::fate::committed, any, any, settle_decision::keep, any},
    {"aborted: the rows are in the table, and the file goes back to what it was", //
     here, db::fate::aborted, any, true, settle_decision::take_back, any},
    {"aborted, and the tail was the whole file", //
     here, db::fate::aborted, any, false, settle_decision::remove, any},
    {"another run is at work, or its connection has not died yet", //
     here, db::fate::in_progress, any, any, settle_decision::wait, any},
    {"the server cannot tell: its rows can", //
     here, db::fate::unknown, tail_rows::not_looked, any, settle_decision::look_at_rows},
    {"unknown, but the rows are still in the table: it was aborted", //
     here, db::fate::unknown, tail_rows::all_in_table, true, settle_decision::take_back},
    {"the same where the tail was the whole file", //
     here, db::fate::unknown, tail_rows::all_in_table, false, settle_decision::remove},
    {"unknown, but the rows are gone from the table: it was committed", //
     here, db::fate::unknown, tail_rows::none_in_table, any, settle_decision::keep},
    {"unknown, and neither: a person must look", //
     here, db::fate::unknown, tail_rows::some_in_table, any, settle_decision::refuse_mixed},
    {"unknown, and nothing was added: the file is as it was, whatever became of the deletion", //
     here, db::fate::unknown, tail_rows::no_rows, true, settle_decision::take_back},
    {"there is no such tail without a file", //
     here, db::fate::unknown, tail_rows::no_rows, false, settle_decision::remove},
    {"unknown, and this server is behind the one that wrote the mark: it may be a copy", //
     here, db::fate::unknown, any, any, settle_decision::refuse_copy, true},
    {"nothing is comparable, and nothing speaks against the server's word", //
     here, db::fate::unknown, tail_rows::not_comparable, any, settle_decision::keep, false, true},
    {"nothing is comparable, and nobody knows: a person must look", //
     here, db::fate::unknown, tail_rows::not_comparable, any, settle_decision::refuse_mixed, false, false},
};

std::vector<settle_facts> all_facts() {
    std::vector<settle_facts> all;
    for (const auto origin : origins)
        for (const auto believed : fates)
            for (const auto rows : all_rows)
                for (const bool has_base : {false, true})
                    for (const auto said : {db::fate::committed, db::fate::aborted})
                        for (const bool ahead : {false, true})
                            all.push_back({origin, believed, rows, has_base, said, ahead});
    return all;
}

TEST(decide_settling, follows_its_table_for_every_combination_of_facts) {
    const auto all = all_facts();
    ASSERT_EQ(all.size(), 384U);
    for (const auto& facts : all) {
        SCOPED_TRACE(fmt::format("origin {}, transaction {}, rows {}, base {}",
                                 static_cast<int>(facts.origin), to_string(facts.fate),
                                 static_cast<int>(facts.rows), facts.has_base));
        int covering = 0;
        for (const auto& row : rules) {
            if (!row.covers(facts))
                continue;
            SCOPED_TRACE(row.context);
            ++covering;
            EXPECT_EQ(to_string(decide_settling(facts)), to_string(row.expected));
        }
        EXPECT_EQ(covering, 1) << "the table must say one thing";
    }
}

TEST(decide_settling, never_touches_a_file_on_less_than_certain_knowledge) {
    for (const auto& facts : all_facts()) {
        const auto decision = decide_settling(facts);
        const bool undoes = decision == settle_decision::take_back || decision == settle_decision::remove;
        const bool in_table = facts.fate == db::fate::aborted ||
                              (facts.fate == db::fate::unknown && !facts.ahead &&
                               (facts.rows == tail_rows::all_in_table || facts.rows == tail_rows::no_rows));
        EXPECT_EQ(undoes, facts.origin == here && in_table);
        if (decision == settle_decision::take_back) {
            EXPECT_TRUE(facts.has_base) << "there is nothing to go back to";
        }
    }
}

TEST(decide_settling, leaves_a_tail_to_a_person_whose_rows_may_have_other_keys) {
    settle_facts facts{here, db::fate::unknown, tail_rows::none_in_table, true, db::fate::aborted, false,
                       false};
    EXPECT_EQ(decide_settling(facts), settle_decision::keep);
    facts.may_be_moved = true;
    EXPECT_EQ(decide_settling(facts), settle_decision::refuse_mixed);
    facts.certain = true;
    EXPECT_EQ(decide_settling(facts), settle_decision::refuse_gone);
    facts.said = db::fate::committed;
    EXPECT_EQ(decide_settling(facts), settle_decision::keep) << "nothing contradicts the server";
}

TEST(decide_settling, keeps_no_tail_beside_rows_that_were_changed_since_unless_it_was_committed) {
    for (const auto said : {db::fate::aborted, db::fate::unknown, db::fate::committed}) {
        settle_facts facts{here, db::fate::unknown, tail_rows::none_in_table, true, said};
        EXPECT_EQ(decide_settling(facts), settle_decision::keep);
        facts.keys_in_table = true;
        EXPECT_EQ(decide_settling(facts),
                  said == db::fate::committed ? settle_decision::keep : settle_decision::refuse_mixed);
    }
}

// Another program may have changed or deleted a row of it since.
TEST(decide_settling, believes_an_abort_of_a_server_that_has_run_ever_since_if_keys_of_it_are_there) {
    for (const auto rows : {tail_rows::some_in_table, tail_rows::none_in_table, tail_rows::not_comparable}) {
        settle_facts facts{here, db::fate::unknown, rows, true, db::fate::aborted, false, true, true};
        EXPECT_EQ(decide_settling(facts), settle_decision::take_back);
        facts.keys_in_table = false;
        EXPECT_NE(decide_settling(facts), settle_decision::take_back) << "nothing of it is there";
        facts.keys_in_table = true;
        facts.certain = false;
        EXPECT_NE(decide_settling(facts), settle_decision::take_back)
            << "the number may be another transaction's";
        facts.certain = true;
        facts.said = db::fate::committed;
        EXPECT_NE(decide_settling(facts), settle_decision::take_back);
        facts.said = db::fate::aborted;
        facts.rows = tail_rows::not_looked;
        EXPECT_EQ(decide_settling(facts), settle_decision::look_at_rows);
    }
}

// Archived into another folder, or deleted by another program: this file may be one copy too many, or the
// only one.
TEST(decide_settling, leaves_a_tail_that_was_rolled_back_for_certain_and_is_gone_from_the_table_to_a_person) {
    settle_facts facts{here, db::fate::unknown, tail_rows::none_in_table, true, db::fate::aborted, false,
                       true};
    EXPECT_EQ(decide_settling(facts), settle_decision::refuse_gone);
    facts.has_base = false;
    EXPECT_EQ(decide_settling(facts), settle_decision::refuse_gone);
    facts.certain = false;
    EXPECT_EQ(decide_settling(facts), settle_decision::keep) << "the number may be another transaction's";
    facts.certain = true;
    facts.said = db::fate::committed;
    EXPECT_EQ(decide_settling(facts), settle_decision::keep);
}

// The move back into the table, as docs/protocol.md has it.
const rule restoring_rules[] = {
    {"a mark of another cluster, database or table is never guessed at", //
     origin::elsewhere, any, any, any, settle_decision::refuse_foreign, any},
    {"aborted: the rows are in the file, as they were", //
     here, db::fate::aborted, any, any, settle_decision::keep, any},
    {"another run is at work, or its connection has not died yet", //
     here, db::fate::in_progress, any, any, settle_decision::wait, any},
    {"committed: seen before it is believed, for the server may have lost it", //
     here, db::fate::committed, tail_rows::not_looked, any, settle_decision::look_at_rows, any},
    {"committed, and each row is in the table", //
     here, db::fate::committed, tail_rows::all_in_table, any, settle_decision::restored, any},
    {"committed, and no row is in the table: the file is all there is", //
     here, db::fate::committed, tail_rows::none_in_table, any, settle_decision::keep, any},
    {"committed, and some were deleted since: the others are recognised when they are due", //
     here, db::fate::committed, tail_rows::some_in_table, any, settle_decision::restored, any},
    {"committed, and the file has none", //
     here, db::fate::committed, tail_rows::no_rows, any, settle_decision::keep, any},
    {"the server cannot tell: its rows can", //
     here, db::fate::unknown, tail_rows::not_looked, any, settle_decision::look_at_rows},
    {"unknown, and each row is in the table", //
     here, db::fate::unknown, tail_rows::all_in_table, any, settle_decision::restored},
    {"unknown, and no row is in the table", //
     here, db::fate::unknown, tail_rows::none_in_table, any, settle_decision::keep},
    {"unknown, and some are in the table", //
     here, db::fate::unknown, tail_rows::some_in_table, any, settle_decision::restored},
    {"unknown, and the file has none", //
     here, db::fate::unknown, tail_rows::no_rows, any, settle_decision::keep},
    {"committed, and nothing is comparable: in doubt it is restored", //
     here, db::fate::committed, tail_rows::not_comparable, any, settle_decision::restored, any},
    {"unknown, and nothing is comparable", //
     here, db::fate::unknown, tail_rows::not_comparable, any, settle_decision::restored},
    {"unknown, and this server is behind the one that wrote the mark: it may be a copy", //
     here, db::fate::unknown, any, any, settle_decision::refuse_copy, true},
};

TEST(decide_restoring, follows_its_table_for_every_combination_of_facts) {
    for (const auto& facts : all_facts()) {
        SCOPED_TRACE(fmt::format("origin {}, transaction {}, rows {}", static_cast<int>(facts.origin),
                                 to_string(facts.fate), static_cast<int>(facts.rows)));
        int covering = 0;
        for (const auto& row : restoring_rules) {
            if (!row.covers(facts))
                continue;
            ++covering;
            EXPECT_EQ(to_string(decide_restoring(facts)), to_string(row.expected)) << row.context;
        }
        EXPECT_EQ(covering, 1) << "the table must say one thing";
        EXPECT_NE(decide_restoring(facts), settle_decision::empty) << "a person alone empties a file";
    }
}

TEST(decide_restoring, takes_rows_that_were_changed_since_for_rows_that_are_back) {
    for (const auto fate : {db::fate::committed, db::fate::unknown}) {
        settle_facts facts{here, fate, tail_rows::none_in_table, true};
        EXPECT_EQ(decide_restoring(facts), settle_decision::keep);
        facts.keys_in_table = true;
        EXPECT_EQ(decide_restoring(facts), settle_decision::restored);
    }
}

// A copy of the server's files was put back, and the number has been given to another transaction since.
TEST(believe, doubts_what_the_sample_does_not_bear_out) {
    const auto seen = {sample_seen::no_sample, sample_seen::not_in_table, sample_seen::key_only,
                       sample_seen::to_the_letter};
    for (const auto sample : seen) {
        const bool gone = sample == sample_seen::not_in_table;
        const bool there = sample == sample_seen::to_the_letter;
        for (const bool certain : {false, true}) {
            EXPECT_EQ(believe(db::fate::committed, sample, certain),
                      gone ? db::fate::committed : db::fate::unknown);
            EXPECT_EQ(believe(db::fate::aborted, sample, certain),
                      there && certain ? db::fate::aborted : db::fate::unknown)
                << "later rows of the tail may not be in the copy";
            EXPECT_EQ(believe(db::fate::in_progress, sample, certain), db::fate::in_progress);
            EXPECT_EQ(believe(db::fate::unknown, sample, certain), db::fate::unknown);
        }
    }
}

TEST(judge_rows, takes_a_file_back_only_if_the_table_has_each_row_byte_for_byte) {
    for (const bool hidden : {false, true})
        for (const bool same_types : {false, true}) {
            EXPECT_EQ(judge_rows({3, 3, 0}, hidden, same_types), tail_rows::all_in_table);
            EXPECT_EQ(judge_rows({3, 2, 0}, hidden, same_types), tail_rows::some_in_table);
            EXPECT_EQ(judge_rows({3, 2, 1}, hidden, same_types), tail_rows::some_in_table);
            EXPECT_EQ(judge_rows({3, 0, 0}, hidden, same_types),
                      hidden ? tail_rows::not_comparable : tail_rows::none_in_table);
            EXPECT_EQ(judge_rows({3, 0, 3}, hidden, same_types),
                      hidden || !same_types ? tail_rows::not_comparable : tail_rows::none_in_table);
        }
    EXPECT_EQ(judge_rows({0, 0, 0}, false, true), tail_rows::none_in_table);
}

TEST(settle_decision, has_a_name_of_its_own_for_the_log) {
    const std::pair<settle_decision, std::string_view> names[] = {
        {settle_decision::keep, "keep"},
        {settle_decision::take_back, "take back"},
        {settle_decision::remove, "remove"},
        {settle_decision::wait, "wait"},
        {settle_decision::look_at_rows, "look at rows"},
        {settle_decision::refuse_foreign, "refuse: foreign"},
        {settle_decision::refuse_mixed, "refuse: mixed"},
        {settle_decision::refuse_copy, "refuse: copy"},
        {settle_decision::refuse_gone, "refuse: gone"},
        {settle_decision::empty, "empty"},
    };
    for (const auto& [decision, name] : names)
        EXPECT_EQ(to_string(decision), name);
    EXPECT_EQ(to_string(db::fate::in_progress), "in progress");
    EXPECT_EQ(to_string(db::fate::unknown), "unknown");
}

} // namespace
} // namespace archive
