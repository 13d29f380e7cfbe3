// Rows that wait for memory: which wait, for how long, and which may pass.

#include "tests/unit/archive/stage/staging_fixture.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace archive {
namespace {

using test_support::background;

class waiting_rows_test : public staging_fixture {
  protected:
    void SetUp() override {
        begin_staging(read_by::one_scan);
        run(open_files());
        leave(0);
    }
    void TearDown() override {
        taken_.clear();
        staging_.reset();
        staging_fixture::TearDown();
    }

    async::awaitable<void> open_files() {
        for (const auto* day : {"events_2024-02-28.csv", "events_2024-02-29.csv"})
            files_.push_back(co_await staging_->file_for(lake::key_of_file(day).value().which));
    }

    // This many pages of the pool are left. A waiting row is woken, and goes on once the loop runs.
    void leave(std::size_t pages) {
        while (pages_.pages_left() > pages)
            taken_.push_back(pages_.try_take());
        while (pages_.pages_left() < pages)
            taken_.pop_back();
    }

    static std::string row(int id, std::size_t bytes = 0) {
        auto text = std::to_string(id) + ",2024-02-29 01:00:00";
        text.resize(std::max(text.size(), bytes), 'x');
        return text + "\n";
    }

    // Adds rows to the two files in turn, `run_length` rows at a time, and counts the rows that could not be
    // added at once.
    async::awaitable<void> append_runs(int count, int run_length) {
        for (int id = 0; id < count; ++id) {
            auto& file = *files_[static_cast<std::size_t>(id / run_length) % files_.size()];
            const auto text = row(id, 1'000);
            if (staging_->try_append(file, text))
                continue;
            ++waited_;
            co_await staging_->append_when_possible(file, text);
        }
    }
    async::awaitable<void> append(day_file& file, std::string text) {
        co_await staging_->append_when_possible(file, text);
    }
    // Uploads what is queued, so that rows that wait get its room.
    void upload_all() {
        const background uploader(io_, staging_->upload());
        settle();
        staging_->close();
        settle();
        EXPECT_TRUE(uploader.ended());
    }

    std::vector<day_file*> files_;
    std::vector<async::page> taken_;
    int waited_ = 0;
};

class runs_that_wait : public waiting_rows_test, public testing::WithParamInterface<int> {};

// A worker that had to wait for room does not wait again at each row because others wait too.
TEST_P(runs_that_wait, wait_once_whatever_their_length) {
    const background one(io_, append_runs(150, GetParam()));
    const background two(io_, append_runs(150, GetParam()));
    const background three(io_, append_runs(150, GetParam()));
    settle();
    EXPECT_EQ(waited_, 3) << "what the open blocks had left has been used up";
    leave(50);
    settle();
    EXPECT_TRUE(one.ended() && two.ended() && three.ended());
    EXPECT_EQ(waited_, 3);
    upload_all();
    EXPECT_EQ(files_[0]->rows + files_[1]->rows, 450U);
}
INSTANTIATE_TEST_SUITE_P(lengths, runs_that_wait, testing::Values(1, 7, 1'000));

TEST_F(waiting_rows_test, leave_what_they_do_not_need_to_others) {
    const background large(io_, append(*files_[0], row(1, 3 * async::page_size)));
    settle();
    leave(4);
    EXPECT_FALSE(staging_->try_append(*files_[1], row(2))) << "it would take a page that the large row needs";
    leave(5);
    EXPECT_TRUE(staging_->try_append(*files_[1], row(2)));
    settle();
    EXPECT_TRUE(large.ended());
    EXPECT_TRUE(staging_->try_append(*files_[1], row(3))) << "nobody waits any more";
    upload_all();
    EXPECT_EQ(files_[0]->rows, 1U);
    EXPECT_EQ(files_[1]->rows, 2U);
}

TEST_F(waiting_rows_test, get_in_although_they_are_larger_than_all_memory_and_nobody_passes_them) {
    const background large(io_, append(*files_[0], row(1, 100 * async::page_size)));
    settle();
    leave(50);
    EXPECT_FALSE(staging_->try_append(*files_[1], row(2)));
    settle();
    EXPECT_FALSE(large.ended()) << "blocks are still on their way";
    upload_all();
    EXPECT_TRUE(large.ended());
    EXPECT_EQ(files_[0]->rows, 1U);
}

TEST_F(waiting_rows_test, come_in_their_order) {
    const background first(io_, append(*files_[0], row(1, 3 * async::page_size)));
    const background behind(io_, append(*files_[0], row(2)));
    settle();
    leave(1);
    settle();
    EXPECT_FALSE(first.ended() || behind.ended()) << "there is room for the second alone";
    leave(10);
    settle();
    EXPECT_TRUE(first.ended() && behind.ended());
    upload_all();
}

} // namespace
} // namespace archive
