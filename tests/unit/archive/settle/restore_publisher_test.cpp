#include "archive/settle/restore_publisher.hpp"
#include "tests/support/memory_lake_fixture.hpp"
#include "tests/unit/lake/marks.hpp"

namespace archive {
namespace {

using async::failure;

class restore_publisher_test : public test_support::memory_lake_test {
  protected:
    void SetUp() override {
        lake::file_mark mark;
        mark.table = "public.Event";
        mark.now = lake::rig::record_before();
        mark.now.bytes = rows.size();
        mark.now.crc = test_support::crc_of_text(rows);
        mark.now.uncompressed = 0;
        auto& blob = lake_.write(name, rows, lake::metadata_with(mark, {{"owner", "them"}}));
        blob.committed = {{"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE0", rows.size()}};
        before_ = mark;
        announced_ = mark;
        announced_.restoring = db::transaction_mark{
            "0194-restore", "4294967300", {"7312345678901234567", "16384", 1, 0x18'0000'0000}};
    }

    void announce() {
        auto etag = azure::etag();
        const auto story = [this, &etag]() -> async::awaitable<void> {
            etag = co_await publisher_.announce(lake_.file(name), announced_);
        };
        run(story());
        EXPECT_EQ(etag, lake_.file(name).properties.etag);
    }
    [[nodiscard]] lake::file_mark mark() const { return lake_.file(name).mark.mark.value(); }
    [[nodiscard]] std::string content() const { return lake_.blobs.at(name).content; }

    const std::string rows = "id\n1\n2\n";
    lake::file_mark before_;
    lake::file_mark announced_;
    table_description table_;
    restore_publisher publisher_{lake_, retries_, [] { return std::string(56, 'c'); }};
};

TEST_F(restore_publisher_test, announces_marks_and_archives_again_without_touching_the_content) {
    announce();
    EXPECT_EQ(mark().restoring, announced_.restoring);

    run(publisher_.mark_restored(lake_.file(name)));
    EXPECT_FALSE(mark().restoring);
    ASSERT_TRUE(mark().restored);
    EXPECT_EQ(mark().restored->author, *announced_.restoring);

    run(publisher_.archive_again(lake_.file(name)));
    EXPECT_FALSE(mark().restored);
    EXPECT_EQ(content(), rows);
    EXPECT_EQ(lake_.file(name).properties.metadata.at("owner"), "them");
}

TEST_F(restore_publisher_test, takes_an_announcement_back) {
    announce();
    run(publisher_.withdraw(lake_.file(name), before_));
    EXPECT_EQ(mark(), before_);
    EXPECT_EQ(content(), rows);
}

TEST_F(restore_publisher_test, finds_out_that_an_announcement_took_effect) {
    after_next("set_metadata", lose_answer);
    announce();
    EXPECT_EQ(times("set_metadata"), 1);
}

TEST_F(restore_publisher_test, announces_again_where_the_request_did_not_arrive) {
    before_next("set_metadata", lose_answer);
    announce();
    EXPECT_EQ(times("set_metadata"), 2);
}

TEST_F(restore_publisher_test, meets_a_conflict_where_the_file_was_changed_or_removed_since_it_was_read) {
    const auto file = lake_.file(name);
    lake_.write(name, "theirs\n");
    const auto announcing = [this, &file]() -> async::awaitable<void> {
        (void)co_await publisher_.announce(file, announced_);
    };
    EXPECT_EQ(failure_of(announcing()).kind(), failure::temporary);
    EXPECT_EQ(failure_of(publisher_.withdraw(file, before_)).kind(), failure::temporary);
    EXPECT_EQ(content(), "theirs\n");
    lake_.blobs.clear();
    EXPECT_EQ(failure_of(announcing()).kind(), failure::temporary);
    EXPECT_EQ(failure_of(publisher_.withdraw(file, before_)).kind(), failure::temporary);
    EXPECT_FALSE(lake_.has(name));
}

TEST_F(restore_publisher_test, leaves_the_header_of_an_emptied_file) {
    table_.columns = {"id"};
    announce();
    run(publisher_.empty(lake_.file(name), table_));
    EXPECT_EQ(content(), "id\n");
    EXPECT_FALSE(mark().restoring);
    EXPECT_EQ(mark().now.rows, 0U);
    EXPECT_EQ(mark().now.bytes, 3U);
    EXPECT_EQ(mark().now.crc, test_support::crc_of_text("id\n"));
}

TEST_F(restore_publisher_test, empties_once_where_the_answer_was_lost) {
    table_.columns = {"id"};
    announce();
    after_next("put_block_list", lose_answer);
    run(publisher_.empty(lake_.file(name), table_));
    EXPECT_EQ(content(), "id\n");
    EXPECT_EQ(times("put_block_list"), 1);
}

TEST_F(restore_publisher_test, empties_no_file_that_was_changed_meanwhile) {
    table_.columns = {"id"};
    announce();
    before_next("put_block_list", [this] { lake_.change_etag(lake_.blobs.at(name)); });
    EXPECT_EQ(failure_of(publisher_.empty(lake_.file(name), table_)).kind(), failure::temporary);
    EXPECT_EQ(content(), rows);
}

TEST_F(restore_publisher_test, refuses_a_file_whose_block_ids_leave_no_room_for_ours) {
    lake_.blobs.at(name).committed.front().id = "YWFh";
    const auto failed = failure_of(publisher_.must_be_emptiable(lake_.file(name)));
    EXPECT_EQ(failed.kind(), failure::precondition);
    EXPECT_NE(failed.message().find("block ids are 3 bytes long"), std::string::npos) << failed.message();
}

} // namespace
} // namespace archive
