#include "lake/conflict.hpp"
#include "lake/mark/mark_change.hpp"
#include "lake/write/pending_file.hpp"
#include "tests/unit/lake/pending.hpp"

namespace lake {
namespace {

using async::failure;

class pending_files_test : public test_support::memory_lake_test {
  protected:
    void publish(bool onto_base) { rig::put_pending_file(lake_, name, onto_base); }
    std::string content() { return lake_.blobs.at(name).content; }
    file_mark mark() { return lake_.file(name).mark.mark.value(); }

    pending_files files_{lake_, retries_, &again_};
};

TEST_F(pending_files_test, keeps_a_tail_by_taking_the_mark_off) {
    publish(true);
    run(files_.keep(lake_.file(name)));
    EXPECT_EQ(content(), "id\n1\n2\n");
    EXPECT_FALSE(mark().pending);
    EXPECT_FALSE(mark().base);
    EXPECT_EQ(mark().now.rows, 2U);
    EXPECT_EQ(lake_.blobs.at(name).properties.metadata.at("owner"), "them");
}

TEST_F(pending_files_test, does_not_repeat_a_keep_that_took_effect_although_its_answer_was_lost) {
    publish(true);
    after_next("set_metadata", lose_answer);
    run(files_.keep(lake_.file(name)));
    EXPECT_FALSE(mark().pending);
    EXPECT_EQ(times("set_metadata"), 1);
}

TEST_F(pending_files_test, repeats_a_keep_that_did_not_arrive) {
    publish(true);
    before_next("set_metadata", lose_answer);
    run(files_.keep(lake_.file(name)));
    EXPECT_FALSE(mark().pending);
    EXPECT_EQ(times("set_metadata"), 2);
}

TEST_F(pending_files_test, says_that_committed_rows_are_gone_with_their_file) {
    publish(true);
    before_next("set_metadata", [this] { lake_.blobs.clear(); });
    const auto failed = failure_of(files_.keep(lake_.file(name)));
    EXPECT_EQ(failed.kind(), failure::integrity);
    EXPECT_NE(failed.message().find("was deleted by somebody else"), std::string::npos) << failed.message();
}

TEST_F(pending_files_test, says_that_committed_rows_are_gone_where_the_file_was_replaced) {
    publish(true);
    before_next("set_metadata", [this] { lake_.write(name, "id\n7\n"); });
    const auto failed = failure_of(files_.keep(lake_.file(name)));
    EXPECT_EQ(failed.kind(), failure::integrity);
    EXPECT_NE(failed.message().find("was replaced by somebody else"), std::string::npos) << failed.message();
    EXPECT_EQ(content(), "id\n7\n");
}

TEST_F(pending_files_test, leaves_a_kept_tail_that_has_been_appended_to_since) {
    publish(true);
    before_next("set_metadata", [this] {
        auto later = mark();
        later = settled(later);
        later.now.bytes += 2;
        later.now.rows += 1;
        later.now.run = "0194-later";
        later.now.crc = test_support::crc_of_text("id\n1\n2\n3\n");
        lake_.write(name, "id\n1\n2\n3\n", metadata_with(later, {}));
    });
    run(files_.keep(lake_.file(name)));
    EXPECT_EQ(content(), "id\n1\n2\n3\n");
    EXPECT_EQ(mark().now.run, "0194-later");
}

TEST_F(pending_files_test, meets_a_conflict_where_another_version_is_pending_still) {
    publish(true);
    before_next("set_metadata", [this] { lake_.change_etag(lake_.blobs.at(name)); });
    const auto failed = failure_of(files_.keep(lake_.file(name)));
    EXPECT_EQ(failed.kind(), failure::temporary);
    EXPECT_FALSE(failed.may_repeat()) << "the run begins again";
    EXPECT_TRUE(mark().pending);
}

TEST_F(pending_files_test, takes_a_tail_back_to_the_blocks_there_were) {
    publish(true);
    run(files_.take_back(lake_.file(name)));
    EXPECT_EQ(content(), "id\n1\n");
    ASSERT_EQ(lake_.blobs.at(name).committed.size(), 1U);
    EXPECT_EQ(lake_.blobs.at(name).committed.front().id, rig::base_id);
    EXPECT_FALSE(mark().pending);
    EXPECT_EQ(mark().now.rows, 1U);
    EXPECT_EQ(mark().now.run, "0193-earlier");
    EXPECT_EQ(times("put_block "), 0) << "nothing is sent again";
}

TEST_F(pending_files_test, does_not_repeat_a_taking_back_that_took_effect_although_its_answer_was_lost) {
    publish(true);
    after_next("put_block_list", lose_answer);
    run(files_.take_back(lake_.file(name)));
    EXPECT_EQ(content(), "id\n1\n");
    EXPECT_EQ(times("put_block_list"), 1);
}

TEST_F(pending_files_test, stages_again_what_was_copied_into_other_blocks) {
    publish(true);
    lake_.copy(name);
    run(files_.take_back(lake_.file(name)));
    EXPECT_EQ(content(), "id\n1\n");
    EXPECT_NE(lake_.blobs.at(name).committed.front().id, rig::base_id);
    EXPECT_FALSE(mark().pending);
    EXPECT_EQ(mark().now.ids, crc_of_ids(std::vector{lake_.blobs.at(name).committed.front().id}));
}

TEST_F(pending_files_test, takes_nothing_back_from_a_file_that_another_program_appended_to) {
    publish(true);
    lake_.write(name, content() + "3\n", lake_.blobs.at(name).properties.metadata);
    const auto failed = failure_of(files_.take_back(lake_.file(name)));
    EXPECT_EQ(failed.kind(), failure::integrity);
    EXPECT_EQ(content(), "id\n1\n2\n3\n");
    EXPECT_EQ(times("put_block_list"), 0);
}

TEST_F(pending_files_test, says_that_the_rows_of_before_are_gone_with_their_file) {
    publish(true);
    before_next("put_block_list", [this] { lake_.blobs.clear(); });
    const auto failed = failure_of(files_.take_back(lake_.file(name)));
    EXPECT_EQ(failed.kind(), failure::integrity);
    EXPECT_FALSE(lake_.has(name)) << "nothing is put in its place";
}

TEST_F(pending_files_test, takes_no_other_file_of_the_same_length_for_what_was_there_before) {
    publish(true);
    before_next("put_block_list", [this] { lake_.write(name, "id\n7\n"); });
    EXPECT_EQ(failure_of(files_.take_back(lake_.file(name))).kind(), failure::temporary);
    EXPECT_EQ(content(), "id\n7\n");
}

TEST_F(pending_files_test, takes_a_copy_of_what_was_there_before_for_done) {
    publish(true);
    before_next("put_block_list", [this] { lake_.write(name, "id\n1\n"); });
    run(files_.take_back(lake_.file(name)));
    EXPECT_EQ(content(), "id\n1\n");
}

TEST_F(pending_files_test, puts_the_mark_back_where_the_tail_is_empty) {
    publish(true);
    auto empty = mark();
    empty.base = empty.now;
    empty.base->run = "0193-earlier";
    auto& blob = lake_.blobs.at(name);
    blob.properties.metadata = metadata_with(empty, blob.properties.metadata);
    run(files_.take_back(lake_.file(name)));
    EXPECT_EQ(content(), "id\n1\n2\n");
    EXPECT_FALSE(mark().pending);
    EXPECT_EQ(mark().now.run, "0193-earlier");
    EXPECT_EQ(times("put_block_list"), 0);
}

TEST_F(pending_files_test, removes_a_file_that_is_all_tail) {
    publish(false);
    run(files_.remove(lake_.file(name)));
    EXPECT_FALSE(lake_.has(name));
}

TEST_F(pending_files_test, takes_a_removal_for_done_once_the_file_is_gone) {
    publish(false);
    after_next("remove", lose_answer);
    run(files_.remove(lake_.file(name)));
    EXPECT_FALSE(lake_.has(name));
    EXPECT_EQ(times("remove"), 1);

    publish(false);
    before_next("remove", [this] { lake_.blobs.clear(); });
    run(files_.remove(lake_.file(name)));
    EXPECT_FALSE(lake_.has(name));
}

TEST_F(pending_files_test, leaves_what_others_put_in_place_of_a_file_to_be_removed) {
    publish(false);
    before_next("remove", [this] { lake_.write(name, "theirs\n"); });
    run(files_.remove(lake_.file(name)));
    EXPECT_EQ(content(), "theirs\n");
}

} // namespace
} // namespace lake
