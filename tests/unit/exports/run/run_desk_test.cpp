#include "exports/run/run_desk.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <stdexcept>

namespace exports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class desk : public testing::Test {
  protected:
    // Runs end when the test opens the gate.
    awaitable<task_report> run(std::string task) {
        begun_.push_back(task);
        most_at_once_ = std::max(most_at_once_, ++at_once_);
        while (!open_)
            co_await gate_.wait();
        --at_once_;
        task_report report;
        report.task = task;
        report.outcome = outcome::exported;
        report.rows = begun_.size();
        co_return report;
    }

    void start(std::size_t parallel) {
        desk_.emplace(
            loop_.get_executor(), [this](std::string task) { return run(std::move(task)); }, parallel);
        boost::asio::co_spawn(loop_, desk_->work(), [this](std::exception_ptr failed) {
            ended_ = true;
            failed_ = failed;
        });
    }
    void open() {
        open_ = true;
        gate_.notify_all();
        loop_.poll();
    }

    boost::asio::io_context loop_{1};
    async::condition gate_{loop_.get_executor()};
    std::optional<run_desk> desk_;
    std::vector<std::string> begun_;
    int at_once_ = 0;
    int most_at_once_ = 0;
    bool open_ = false;
    bool ended_ = false;
    std::exception_ptr failed_;
};

TEST_F(desk, runs_what_is_asked_for_together_one_after_the_other) {
    start(4);
    const auto ticket = desk_->request({"a", "b", "c"});
    loop_.poll();
    EXPECT_THAT(begun_, ElementsAre("a"));
    EXPECT_TRUE(desk_->status("a").running);
    EXPECT_TRUE(desk_->status("b").waiting);
    open();
    EXPECT_THAT(begun_, ElementsAre("a", "b", "c"));
    EXPECT_EQ(most_at_once_, 1);
    EXPECT_EQ(ticket[2]->report.rows, 3U);
    EXPECT_EQ(desk_->status("b").last->task, "b");
    EXPECT_FALSE(desk_->status("b").running);
    EXPECT_TRUE(desk_->idle());
    desk_->close();
    loop_.poll();
    EXPECT_TRUE(ended_);
}

TEST_F(desk, lets_a_second_caller_join) {
    start(4);
    const auto one = desk_->request({"a"});
    loop_.poll();
    const auto other = desk_->request({"a"});
    const auto both = desk_->request({"a", "b"});
    loop_.poll();
    EXPECT_THAT(begun_, ElementsAre("a", "b"));
    EXPECT_EQ(one[0], other[0]);
    EXPECT_EQ(one[0], both[0]);
    bool waited = false;
    boost::asio::co_spawn(loop_, desk_->wait(both), [&waited](std::exception_ptr) { waited = true; });
    loop_.poll();
    EXPECT_FALSE(waited);
    open();
    EXPECT_TRUE(waited);
    const auto again = desk_->request({"a"});
    loop_.poll();
    EXPECT_THAT(begun_, ElementsAre("a", "b", "a"));
    EXPECT_NE(again[0], one[0]);
}

TEST_F(desk, runs_no_more_at_a_time_than_it_may) {
    start(2);
    for (const auto* const name : {"a", "b", "c", "d"})
        (void)desk_->request({name});
    loop_.poll();
    EXPECT_THAT(begun_, ElementsAre("a", "b"));
    open();
    EXPECT_EQ(most_at_once_, 2);
    EXPECT_EQ(begun_.size(), 4U);
}

TEST_F(desk, drops_what_is_waiting_when_it_closes) {
    start(1);
    const auto ticket = desk_->request({"a", "b"});
    (void)desk_->request({"c"});
    loop_.poll();
    bool waited = false;
    boost::asio::co_spawn(loop_, desk_->wait(ticket), [&waited](std::exception_ptr) { waited = true; });
    loop_.poll();
    bool waited_for_dropped = false;
    const auto dropped = desk_->request({"c"});
    boost::asio::co_spawn(loop_, desk_->wait(dropped),
                          [&waited_for_dropped](std::exception_ptr) { waited_for_dropped = true; });
    loop_.poll();
    desk_->close();
    loop_.poll();
    EXPECT_TRUE(waited_for_dropped);
    EXPECT_FALSE(waited); // "a" is still at work
    EXPECT_FALSE(ended_);
    open();
    EXPECT_TRUE(waited);
    EXPECT_TRUE(ended_);
    EXPECT_FALSE(failed_);
    EXPECT_THAT(begun_, ElementsAre("a"));
}

TEST_F(desk, tells_waiters_that_a_run_was_stopped) {
    boost::asio::cancellation_signal stop;
    desk_.emplace(
        loop_.get_executor(), [this](std::string task) { return run(std::move(task)); }, 1);
    boost::asio::co_spawn(loop_, desk_->work(),
                          boost::asio::bind_cancellation_slot(
                              stop.slot(), [this](std::exception_ptr failed) { failed_ = failed; }));
    const auto ticket = desk_->request({"a"});
    loop_.poll();
    bool waited = false;
    boost::asio::co_spawn(loop_, desk_->wait(ticket), [&waited](std::exception_ptr) { waited = true; });
    loop_.poll();
    desk_->close();
    stop.emit(boost::asio::cancellation_type::terminal);
    loop_.poll();
    EXPECT_TRUE(waited);
    EXPECT_TRUE(failed_);
    EXPECT_EQ(ticket[0]->at, requested_run::state::ended);
    EXPECT_TRUE(ticket[0]->report.failed());
    EXPECT_EQ(ticket[0]->report.error, "stopped by a signal, and rolled back");
    EXPECT_TRUE(desk_->idle());
}

TEST_F(desk, tells_waiters_why_a_run_failed) {
    desk_.emplace(
        loop_.get_executor(),
        [](std::string) -> awaitable<task_report> {
            throw std::length_error("too long");
            co_return task_report();
        },
        1);
    boost::asio::co_spawn(loop_, desk_->work(), [this](std::exception_ptr failed) { failed_ = failed; });
    const auto ticket = desk_->request({"a"});
    loop_.poll();
    EXPECT_THROW(std::rethrow_exception(failed_), std::length_error);
    EXPECT_EQ(ticket[0]->at, requested_run::state::ended);
    EXPECT_TRUE(ticket[0]->report.failed());
    EXPECT_THAT(ticket[0]->report.error, HasSubstr("too long"));
    EXPECT_EQ(desk_->status("a").last->error, ticket[0]->report.error);
}

} // namespace
} // namespace exports
