#include "archive/settle/settle_writer.hpp"
#include "lake/mark/mark_change.hpp"
#include "tests/unit/lake/pending.hpp"

#include <map>

namespace archive {
namespace {

using async::failure;

class settle_writer_test : public test_support::memory_lake_test {
  protected:
    static constexpr auto other = "logs/events_2024-03-01.csv";

    void SetUp() override {
        lake::rig::put_pending_file(lake_, name, true);
        lake::rig::put_pending_file(lake_, other, false);
        table_.columns = {"id"};
    }

    [[nodiscard]] decided_file decided(const std::string& file, settle_decision decision,
                                       bool doubtful = false) {
        const auto seen = files_.insert_or_assign(file, lake_.file(file)).first;
        return {&seen->second, decision, doubtful};
    }
    async::awaitable<void> write(std::vector<decided_file> work) {
        return writer_.write(std::move(work), table_, position_);
    }
    [[nodiscard]] bool pending(const std::string& file) const { return lake_.file(file).mark.mark->pending; }
    [[nodiscard]] std::string content() const { return lake_.blobs.at(name).content; }

    const db::server_position position_{"7312345678901234567", "16384", 2, 0x18'0000'0000};
    std::vector<std::string> told_; // "ready", then "FILE: what"
    std::exception_ptr lease_lost_;
    std::exception_ptr ledger_lost_;
    std::map<std::string, lake::listed_file> files_;
    table_description table_;
    lake::pending_files tails_{lake_, retries_, &again_};
    restore_publisher restores_{lake_, retries_, [] { return std::string(56, 'e'); }};
    settle_writer writer_{
        lake_,
        tails_,
        restores_,
        {[this] { return ready_to_write(); },
         [this](std::vector<lake::ledger_entry> entries) { return record(std::move(entries)); }},
        2};

  private:
    async::awaitable<void> ready_to_write() {
        if (lease_lost_)
            std::rethrow_exception(lease_lost_);
        told_.push_back("ready");
        co_return;
    }
    async::awaitable<bool> record(std::vector<lake::ledger_entry> entries) {
        if (ledger_lost_)
            std::rethrow_exception(ledger_lost_);
        EXPECT_EQ(times("put_block") + times("set_metadata") + times("remove"), 0)
            << "the ledger is told before the first file is written to";
        for (const auto& entry : entries)
            told_.push_back(entry.file + ": " + entry.word);
        co_return true;
    }
};

TEST_F(settle_writer_test, keeps_a_tail_and_takes_another_away) {
    run(write({decided(name, settle_decision::keep, true), decided(other, settle_decision::remove, true)}));
    EXPECT_FALSE(pending(name));
    EXPECT_EQ(content(), "id\n1\n2\n");
    EXPECT_FALSE(lake_.has(other));
    EXPECT_EQ(told_, (std::vector<std::string>{"ready", "events_2024-02-29.csv: settled",
                                               "events_2024-03-01.csv: removed"}));
}

TEST_F(settle_writer_test, tells_the_ledger_of_no_tail_that_was_aborted_for_certain) {
    run(write({decided(name, settle_decision::take_back), decided(other, settle_decision::remove)}));
    EXPECT_EQ(content(), "id\n1\n");
    EXPECT_FALSE(lake_.has(other));
    EXPECT_EQ(told_, std::vector<std::string>{"ready"});
}

TEST_F(settle_writer_test, tells_the_ledger_of_a_doubtful_tail_that_is_taken_back) {
    run(write({decided(name, settle_decision::take_back, true)}));
    EXPECT_EQ(content(), "id\n1\n");
    EXPECT_EQ(told_, (std::vector<std::string>{"ready", "events_2024-02-29.csv: taken back"}));
}

TEST_F(settle_writer_test, settles_the_others_where_a_doubtful_tail_has_changed) {
    const auto metadata = lake_.blobs.at(name).properties.metadata;
    lake_.write(name, "id\n1\n2\n3\n", metadata);
    const auto failed = failure_of(
        write({decided(name, settle_decision::take_back, true), decided(other, settle_decision::keep)}));
    EXPECT_EQ(failed.kind(), failure::integrity);
    EXPECT_EQ(content(), "id\n1\n2\n3\n");
    EXPECT_FALSE(pending(other));
    EXPECT_EQ(told_, (std::vector<std::string>{"ready", "events_2024-03-01.csv: settled"}));
}

TEST_F(settle_writer_test, settles_the_others_where_a_file_has_vanished) {
    std::vector<decided_file> work{decided(name, settle_decision::keep),
                                   decided(other, settle_decision::keep)};
    lake_.blobs.erase(name);
    EXPECT_EQ(failure_of(write(std::move(work))).kind(), failure::integrity);
    EXPECT_FALSE(lake_.has(name));
    EXPECT_FALSE(pending(other));
}

TEST_F(settle_writer_test, writes_nothing_without_the_lease_or_the_ledger) {
    ledger_lost_ = std::make_exception_ptr(async::error(failure::temporary, "the ledger"));
    EXPECT_EQ(failure_of(write({decided(name, settle_decision::keep)})).message(), "the ledger");
    lease_lost_ = std::make_exception_ptr(async::error(failure::locked, "the lease"));
    EXPECT_EQ(failure_of(write({decided(name, settle_decision::keep)})).message(), "the lease");
    EXPECT_TRUE(pending(name));
    EXPECT_TRUE(lake_.requests.empty());
}

TEST_F(settle_writer_test, leaves_the_header_of_a_file_that_has_snapshots) {
    before_next("remove", [] { throw test_support::memory_lake::refusal(409, "SnapshotsPresent"); });
    run(write({decided(other, settle_decision::remove)}));
    EXPECT_EQ(lake_.blobs.at(other).content, "id\n");
    EXPECT_FALSE(pending(other));
}

TEST_F(settle_writer_test, takes_a_restore_back_that_came_to_nothing) {
    auto mark = lake::settled(lake_.file(name).mark.mark.value());
    mark.restoring = db::transaction_mark{"0194-restore", "4294967300", position_};
    lake_.blobs.at(name).properties.metadata = lake::metadata_with(mark, {});
    run(write({decided(name, settle_decision::keep, true)}));
    EXPECT_FALSE(lake_.file(name).mark.mark->restoring);
    EXPECT_EQ(content(), "id\n1\n2\n");
    EXPECT_EQ(told_, (std::vector<std::string>{"ready", "events_2024-02-29.csv: settled"}))
        << "a line of before may ask for the mark that goes";
}

TEST_F(settle_writer_test, marks_a_file_whose_rows_are_back_in_the_table) {
    auto mark = lake::settled(lake_.file(name).mark.mark.value());
    mark.restoring = db::transaction_mark{"0194-restore", "4294967300", position_};
    lake_.blobs.at(name).properties.metadata = lake::metadata_with(mark, {});
    run(write({decided(name, settle_decision::restored, true)}));
    ASSERT_TRUE(lake_.file(name).mark.mark->restored);
    EXPECT_EQ(told_, (std::vector<std::string>{"ready", "events_2024-02-29.csv: restored"}));
}

} // namespace
} // namespace archive
