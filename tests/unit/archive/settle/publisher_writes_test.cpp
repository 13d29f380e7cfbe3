// What a publisher writes, step by step, against a folder in memory.

#include "archive/settle/publisher.hpp"
#include "lake/conflict.hpp"
#include "lake/mark/mark_change.hpp"
#include "tests/support/memory_lake_fixture.hpp"
#include "tests/unit/lake/marks.hpp"

#include <array>

namespace archive {
namespace {

using async::failure;
using state = day_file::publish_state;

class publisher_test : public test_support::memory_lake_test {
  protected:
    static constexpr std::string_view base = "id\n1\n";
    static constexpr std::string_view tail = "2\n3\n";

    // The file as it stands there, known to hold `base`.
    void archive_before() {
        lake::file_mark mark;
        mark.table = "public.Event";
        mark.now = lake::rig::record_before();
        mark.now.bytes = base.size();
        mark.now.crc = test_support::crc_of_text(base);
        mark.now.uncompressed = 0;
        mark.now.rows = 1;
        auto& blob = lake_.write(name, std::string(base), lake::metadata_with(mark, {{"owner", "them"}}));
        blob.properties.content.cache_control = "no-cache";
        const auto found = lake_.file(name);
        file_.existing = found.properties;
        file_.base = file_.untouched = found.mark.mark->now;
        for (const auto& block : blob.committed)
            file_.base_ids.push_back(block.id);
    }

    // Two rows, in one block that nobody sees yet.
    void stage_rows() {
        const std::string bytes(tail);
        file_.staged_ids.push_back(file_.ids.next());
        const std::array pieces{std::as_bytes(std::span(bytes))};
        run(lake_.put_block(name, file_.staged_ids.back(), pieces, 0, ""));
        file_.rows = 2;
        file_.bytes = bytes.size();
        file_.crc = test_support::crc_of_text(bytes);
    }

    std::string content() { return lake_.blobs.at(name).content; }
    lake::file_mark mark() { return lake_.file(name).mark.mark.value(); }

    const publication author_{
        "public.Event", "0193-run", "4294967299", {"7312345678901234567", "16384", 1, 0x17'0000'0000},
        0x0123,         0x0a,       "created_at", "2024-03-01 00:00:00"};
    lake::placement placement_;
    publisher publisher_{lake_, retries_, placement_, &again_};
    day_file file_{lake::key_of_file("events_2024-02-29.csv").value(), name, std::string(56, 'b'), pages_};
};

TEST_F(publisher_test, shows_a_new_file_and_makes_it_final) {
    stage_rows();
    run(publisher_.publish(file_, author_));
    EXPECT_EQ(content(), tail);
    EXPECT_TRUE(mark().pending);
    EXPECT_FALSE(mark().base);
    EXPECT_EQ(mark().now.rows, 2U);
    EXPECT_EQ(mark().now.transaction, "4294967299");
    EXPECT_EQ(file_.state, state::published);
    EXPECT_EQ(file_.etag, lake_.blobs.at(name).properties.etag);

    run(publisher_.finalise(file_));
    EXPECT_FALSE(mark().pending);
    EXPECT_EQ(file_.state, state::finalised);
}

TEST_F(publisher_test, removes_a_new_file_when_it_is_put_back) {
    stage_rows();
    run(publisher_.publish(file_, author_));
    run(publisher_.put_back(file_));
    EXPECT_FALSE(lake_.has(name));
    EXPECT_EQ(file_.state, state::none);
}

TEST_F(publisher_test, appends_to_a_file_and_keeps_what_others_said_of_it) {
    archive_before();
    stage_rows();
    run(publisher_.publish(file_, author_));
    EXPECT_EQ(content(), std::string(base) + std::string(tail));
    ASSERT_TRUE(mark().base);
    EXPECT_EQ(mark().base->bytes, base.size());
    EXPECT_EQ(mark().now.crc, test_support::crc_of_text(content()));
    EXPECT_EQ(mark().now.rows, 3U);
    EXPECT_EQ(lake_.file(name).properties.metadata.at("owner"), "them");
    EXPECT_EQ(lake_.file(name).properties.content.cache_control, "no-cache");
}

TEST_F(publisher_test, puts_a_file_back_to_what_it_was) {
    archive_before();
    stage_rows();
    const auto before = lake_.file(name).properties;
    run(publisher_.publish(file_, author_));
    run(publisher_.put_back(file_));
    EXPECT_EQ(content(), base);
    EXPECT_EQ(lake_.file(name).properties.metadata, before.metadata);
    EXPECT_EQ(lake_.file(name).properties.content, before.content);
}

TEST_F(publisher_test, publishes_once_where_the_answer_was_lost) {
    stage_rows();
    after_next("put_block_list", lose_answer);
    run(publisher_.publish(file_, author_));
    EXPECT_EQ(file_.state, state::published);
    EXPECT_EQ(file_.etag, lake_.blobs.at(name).properties.etag);
    EXPECT_EQ(times("put_block_list"), 1);
}

TEST_F(publisher_test, publishes_again_where_the_request_did_not_arrive) {
    stage_rows();
    before_next("put_block_list", lose_answer);
    run(publisher_.publish(file_, author_));
    EXPECT_EQ(file_.state, state::published);
    EXPECT_EQ(times("put_block_list"), 2);
}

TEST_F(publisher_test, meets_a_conflict_where_the_file_was_changed_since_it_was_read) {
    archive_before();
    stage_rows();
    before_next("put_block_list", [this] { lake_.change_etag(lake_.blobs.at(name)); });
    EXPECT_EQ(failure_of(publisher_.publish(file_, author_)).kind(), failure::temporary);
    EXPECT_EQ(content(), base);
    EXPECT_EQ(file_.state, state::none) << "there is nothing to put back";
}

TEST_F(publisher_test, meets_a_conflict_if_another_program_made_the_file_meanwhile) {
    stage_rows();
    before_next("put_block_list", [this] { lake_.write(name, "theirs\n"); });
    EXPECT_EQ(failure_of(publisher_.publish(file_, author_)).kind(), failure::temporary);
    EXPECT_EQ(content(), "theirs\n");
    run(publisher_.put_back(file_));
    EXPECT_EQ(content(), "theirs\n");
}

TEST_F(publisher_test, puts_back_nothing_of_others_after_a_lost_answer) {
    stage_rows();
    before_next("put_block_list", [this] {
        lake_.write(name, "theirs\n");
        lose_answer();
    });
    EXPECT_EQ(failure_of(publisher_.publish(file_, author_)).kind(), failure::temporary);
    EXPECT_EQ(file_.state, state::tried) << "it might have taken effect";
    run(publisher_.put_back(file_));
    EXPECT_EQ(content(), "theirs\n");
}

TEST_F(publisher_test, says_that_rows_are_gone_with_the_file_that_it_finalises) {
    stage_rows();
    run(publisher_.publish(file_, author_));
    lake_.blobs.clear();
    EXPECT_EQ(failure_of(publisher_.finalise(file_)).kind(), failure::integrity);
    EXPECT_EQ(file_.state, state::published);
}

TEST_F(publisher_test, takes_a_file_for_final_that_another_run_has_settled) {
    stage_rows();
    run(publisher_.publish(file_, author_));
    run(publisher_.tails().keep(lake_.file(name)));
    run(publisher_.finalise(file_));
    EXPECT_EQ(file_.state, state::finalised);
}

TEST_F(publisher_test, says_that_rows_of_before_are_gone_with_the_file_that_it_puts_back) {
    archive_before();
    stage_rows();
    run(publisher_.publish(file_, author_));
    lake_.blobs.clear();
    EXPECT_EQ(failure_of(publisher_.put_back(file_)).kind(), failure::integrity);
}

TEST_F(publisher_test, puts_back_a_file_that_was_copied_into_other_blocks) {
    archive_before();
    stage_rows();
    run(publisher_.publish(file_, author_));
    lake_.copy(name);
    run(publisher_.put_back(file_));
    EXPECT_EQ(content(), base);
    EXPECT_FALSE(mark().pending);
}

TEST_F(publisher_test, says_of_rows_that_the_file_has_already_that_they_go_with_the_transaction) {
    archive_before();
    file_.rows_recognised = 1;
    run(publisher_.publish(file_, author_));
    EXPECT_EQ(content(), base);
    EXPECT_TRUE(lake::has_empty_tail(mark()));
    EXPECT_EQ(mark().now.transaction, "4294967299");
    EXPECT_EQ(times("put_block_list"), 0);

    run(publisher_.put_back(file_));
    EXPECT_FALSE(mark().pending);
    EXPECT_EQ(mark().now, *file_.base);
}

TEST_F(publisher_test, deletes_no_rows_on_account_of_a_file_that_is_gone) {
    archive_before();
    file_.rows_recognised = 1;
    before_next("set_metadata", [this] { lake_.blobs.clear(); });
    const auto failed = failure_of(publisher_.publish(file_, author_));
    EXPECT_EQ(failed.kind(), failure::temporary);
    EXPECT_FALSE(failed.may_repeat()) << "the run begins again";
}

} // namespace
} // namespace archive
