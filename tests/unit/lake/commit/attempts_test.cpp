#include "async/caught.hpp"
#include "async/pause.hpp"
#include "lake/commit/attempts.hpp"
#include "lake/conflict.hpp"
#include "tests/support/loop_fixture.hpp"

#include <deque>
#include <string>
#include <vector>

namespace lake {
namespace {

using async::failure;
using namespace std::chrono_literals;

std::exception_ptr conflict_of(const std::string& file) { return std::make_exception_ptr(conflict(file)); }

class repeat_attempts_test : public test_support::loop_test {
  protected:
    // One attempt of the script: what it returns, or throws.
    struct scripted {
        attempt_result result = attempt_result::finished;
        std::exception_ptr failed = {};
        bool stopped = false; // somebody asks for a stop meanwhile
        std::chrono::milliseconds takes{0};
    };

    awaitable<attempt_result> next_attempt() {
        ++attempts_;
        const auto now = script_.front();
        if (script_.size() > 1) // the last goes on for ever
            script_.pop_front();
        if (now.takes > 0ms)
            co_await async::pause(now.takes);
        if (now.stopped)
            stop_.request(15);
        if (now.failed)
            std::rethrow_exception(now.failed);
        co_return now.result;
    }

    // What the loop throws; empty if it ends well.
    std::string end_of(std::deque<scripted> script) {
        script_ = std::move(script);
        attempts_ = 0;
        told_.clear();
        attempt_steps steps;
        steps.attempt = [this] { return next_attempt(); };
        steps.tell_again = [this](const std::exception_ptr&, int times) { told_.push_back(times); };
        steps.lock_is_held = [] { return async::error(failure::locked, "the lock is held"); };
        steps.tail_is_open = [] { return async::error(failure::locked, "the tail is open"); };
        try {
            run(repeat_attempts({nullptr, stop_, lock_wait_, settle_wait_}, std::move(steps)));
        } catch (const async::error& error) {
            return error.message();
        } catch (...) {
            return async::is_cancellation(std::current_exception()) ? "stopped" : "another";
        }
        return {};
    }

    async::stop_source stop_;
    std::chrono::milliseconds lock_wait_{0};
    std::chrono::milliseconds settle_wait_{0};
    std::deque<scripted> script_;
    int attempts_ = 0;
    std::vector<int> told_;
};

TEST_F(repeat_attempts_test, goes_on_at_once_while_there_is_more_to_do) {
    EXPECT_EQ(end_of({{attempt_result::settled}, {attempt_result::part_done}, {attempt_result::finished}}),
              "");
    EXPECT_EQ(attempts_, 3);
    EXPECT_TRUE(told_.empty());
}

TEST_F(repeat_attempts_test, begins_again_after_a_conflict_and_says_so) {
    EXPECT_EQ(end_of({{.failed = conflict_of("a file")}, {attempt_result::finished}}), "");
    EXPECT_EQ(attempts_, 2);
    EXPECT_EQ(told_, std::vector<int>{1});
}

TEST_F(repeat_attempts_test, throws_the_last_of_too_many_conflicts) {
    EXPECT_EQ(end_of({{.failed = conflict_of("a file")}}), "a file");
    EXPECT_EQ(attempts_, conflicts_max);
    EXPECT_EQ(told_, (std::vector<int>{1, 2, 3, 4}));
}

TEST_F(repeat_attempts_test, counts_conflicts_in_a_row_only) {
    std::deque<scripted> script;
    for (int transaction = 0; transaction < conflicts_max; ++transaction) {
        script.push_back({.failed = conflict_of("a file")});
        script.push_back({attempt_result::part_done});
    }
    script.push_back({attempt_result::finished});
    EXPECT_EQ(end_of(std::move(script)), "");
    EXPECT_EQ(told_, std::vector<int>(conflicts_max, 1));
}

TEST_F(repeat_attempts_test, throws_any_other_failure_at_once) {
    EXPECT_EQ(end_of({{.failed = std::make_exception_ptr(async::error(failure::temporary, "no answer"))}}),
              "no answer");
    EXPECT_EQ(attempts_, 1);
}

TEST_F(repeat_attempts_test, names_the_other_run_once_the_wait_is_over) {
    EXPECT_EQ(end_of({{attempt_result::lock_busy}}), "the lock is held");
    EXPECT_EQ(end_of({{attempt_result::tail_waiting}}), "the tail is open");
}

TEST_F(repeat_attempts_test, waits_for_others_as_long_as_it_is_told) {
    lock_wait_ = settle_wait_ = 1h;
    EXPECT_EQ(end_of({{attempt_result::lock_busy},
                      {attempt_result::lock_busy},
                      {attempt_result::tail_waiting},
                      {attempt_result::finished}}),
              "");
    EXPECT_EQ(attempts_, 4);
}

TEST_F(repeat_attempts_test, has_patience_again_after_each_transaction) {
    lock_wait_ = settle_wait_ = 100ms;
    for (const auto in_the_way : {attempt_result::lock_busy, attempt_result::tail_waiting}) {
        EXPECT_EQ(end_of({{.result = attempt_result::part_done, .takes = 150ms},
                          {in_the_way},
                          {.result = attempt_result::part_done, .takes = 150ms},
                          {in_the_way},
                          {attempt_result::finished}}),
                  "");
        EXPECT_EQ(attempts_, 5);
    }
}

TEST_F(repeat_attempts_test, tells_what_is_wrong_with_the_data_also_where_it_is_stopped) {
    const auto gone = std::make_exception_ptr(async::error(failure::integrity, "rows are gone"));
    EXPECT_EQ(end_of({{.failed = gone, .stopped = true}}), "rows are gone");
    EXPECT_EQ(attempts_, 1);
}

TEST_F(repeat_attempts_test, makes_no_further_attempt_once_a_stop_is_requested) {
    lock_wait_ = 1h;
    for (const auto result :
         {attempt_result::part_done, attempt_result::settled, attempt_result::lock_busy}) {
        EXPECT_EQ(end_of({{.result = result, .stopped = true}, {attempt_result::finished}}), "stopped");
        EXPECT_EQ(attempts_, 1);
    }
    EXPECT_EQ(end_of({{.failed = conflict_of("a file"), .stopped = true}}), "stopped");
}

TEST_F(repeat_attempts_test, ends_well_where_the_work_was_finished_before_the_stop) {
    EXPECT_EQ(end_of({{.result = attempt_result::finished, .stopped = true}}), "");
}

} // namespace
} // namespace lake
