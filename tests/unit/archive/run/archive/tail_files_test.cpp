// Several files of one transaction: what becomes of the others when one of them fails.
#include "archive/run/archive/tail_files.hpp"
#include "async/error.hpp"
#include "lake/conflict.hpp"
#include "tests/support/memory_lake_fixture.hpp"

#include <fmt/format.h>

#include <array>
#include <gmock/gmock.h>
#include <memory>

namespace archive {
namespace {

using async::failure;
using state = day_file::publish_state;
using testing::Contains;
using testing::ElementsAre;
using testing::StartsWith;

class tail_files_test : public test_support::memory_lake_test {
  protected:
    static std::string name_of(int day) { return fmt::format("logs/events_2024-02-0{}.csv", day); }

    // Two rows of a day, in a block that nobody sees yet.
    void stage(int day) {
        const auto key = lake::key_of_file(lake::name_alone(name_of(day))).value();
        auto file = std::make_unique<day_file>(key, name_of(day), fmt::format("{:0>56}", day), pages_);
        const std::string bytes("2\n3\n");
        file->staged_ids.push_back(file->ids.next());
        const std::array pieces{std::as_bytes(std::span(bytes))};
        run(lake_.put_block(file->name, file->staged_ids.back(), pieces, 0, ""));
        file->rows = 2;
        file->bytes = bytes.size();
        file->crc = test_support::crc_of_text(bytes);
        days_.push_back(std::move(file));
    }
    tail_files tails(std::size_t parallel = 1) {
        for (int day = 1; day <= 3; ++day)
            stage(day);
        std::vector<day_file*> all;
        for (const auto& each : days_)
            all.push_back(each.get());
        lake_.requests.clear();
        tail_steps steps;
        steps.must_be_held = [this] {
            if (lease_lost_)
                throw async::error(failure::locked, "the lease was lost");
        };
        steps.record = [this](std::vector<lake::ledger_entry> entries) -> async::awaitable<bool> {
            lake_.requests.push_back(fmt::format("ledger {}", entries.size()));
            if (ledger_fails_)
                throw test_support::memory_lake::no_answer();
            co_return true;
        };
        return {std::move(all), {publisher_, log_, stop_, report_, parallel}, std::move(steps)};
    }
    [[nodiscard]] std::vector<state> states() const {
        std::vector<state> all;
        for (const auto& each : days_)
            all.push_back(each->state);
        return all;
    }
    static async::deadline soon() { return async::deadline::after(std::chrono::seconds(20)); }

    const publication author_{
        "public.Event", "0193-run", "4294967299", {"7312345678901234567", "16384", 1, 0x17'0000'0000},
        0x0123,         0x0a,       "created_at", "2024-03-01 00:00:00"};
    lake::placement placement_;
    publisher publisher_{lake_, retries_, placement_, &again_};
    async::stop_source stop_;
    run_report report_;
    std::vector<std::unique_ptr<day_file>> days_;
    bool lease_lost_ = false;
    bool ledger_fails_ = false;
};

TEST_F(tail_files_test, writes_the_ledger_before_it_clears_the_first_mark) {
    auto files = tails(3);
    run(files.publish(author_));
    EXPECT_EQ(files.pending(), 3U);
    lake_.requests.clear();
    run(files.finalise());
    EXPECT_EQ(lake_.requests.front(), "ledger 3");
    EXPECT_EQ(times("set_metadata"), 3);
    EXPECT_EQ(files.pending(), 0U);
    EXPECT_THAT(states(), ElementsAre(state::finalised, state::finalised, state::finalised));
}

TEST_F(tail_files_test, leaves_all_marks_where_the_ledger_may_be_written_later) {
    auto files = tails();
    run(files.publish(author_));
    ledger_fails_ = true;
    run(files.finalise());
    EXPECT_EQ(times("set_metadata"), 0);
    EXPECT_EQ(files.pending(), 3U);
    EXPECT_THAT(log_.lines, Contains(StartsWith("finalise.failed")));
}

TEST_F(tail_files_test, sends_no_request_once_a_file_could_not_be_published) {
    auto files = tails();
    before_next("put_block_list " + name_of(2), [this] { lake_.write(name_of(2), "theirs\n"); });
    EXPECT_EQ(failure_of(files.publish(author_)).kind(), failure::temporary);
    EXPECT_THAT(states(), ElementsAre(state::published, state::none, state::none));
    lake_.requests.clear();
    run(files.put_back(soon()));
    EXPECT_FALSE(lake_.has(name_of(1)));
    EXPECT_EQ(lake_.blobs.at(name_of(2)).content, "theirs\n");
    EXPECT_EQ(times("put_block_list") + times("set_metadata"), 0);
}

TEST_F(tail_files_test, publishes_nothing_once_the_lease_is_lost) {
    auto files = tails();
    after_next("put_block_list", [this] { lease_lost_ = true; });
    EXPECT_EQ(failure_of(files.publish(author_)).kind(), failure::locked);
    EXPECT_EQ(times("put_block_list"), 1);
    run(files.put_back(soon()));
    EXPECT_TRUE(lake_.blobs.empty());
}

TEST_F(tail_files_test, awaits_a_request_that_was_sent_although_a_stop_is_asked_for) {
    auto files = tails();
    before_next("put_block_list", [this] { stop_.request(15); });
    EXPECT_ANY_THROW(run(files.publish(author_)));
    EXPECT_THAT(states(), ElementsAre(state::published, state::none, state::none));
}

TEST_F(tail_files_test, finishes_the_others_where_one_file_with_rows_is_gone) {
    auto files = tails();
    run(files.publish(author_));
    lake_.blobs.erase(name_of(1));
    lake_.change_etag(lake_.blobs.at(name_of(2))); // somebody else has written to it, and kept its mark
    EXPECT_EQ(failure_of(files.finalise()).kind(), failure::integrity);
    EXPECT_THAT(states(), ElementsAre(state::lost, state::published, state::finalised));
    EXPECT_THAT(report_.files_lost, ElementsAre(name_of(1)));
    EXPECT_EQ(files.pending(), 1U);
    EXPECT_THAT(log_.lines, Contains(StartsWith("file.gone")));
    EXPECT_THAT(log_.lines, Contains(StartsWith("finalise.failed")));
}

TEST_F(tail_files_test, puts_the_others_back_where_somebody_has_appended_to_one) {
    auto files = tails();
    run(files.publish(author_));
    const auto values = lake_.file(name_of(1)).properties.metadata;
    lake_.write(name_of(1), "2\n3\n4\n", values);
    EXPECT_EQ(failure_of(files.put_back(soon())).kind(), failure::integrity);
    EXPECT_EQ(lake_.blobs.at(name_of(1)).content, "2\n3\n4\n");
    EXPECT_FALSE(lake_.has(name_of(2)) || lake_.has(name_of(3)));
    EXPECT_THAT(log_.lines, Contains(StartsWith("file.changed")));
    EXPECT_THAT(report_.files_lost, ElementsAre());
}

} // namespace
} // namespace archive
