#include "app/serve/intake/shared_attempts.hpp"

#include "async/caught.hpp"
#include "async/race.hpp"

#include <exception>
#include <utility>

namespace app {

using async::awaitable;

struct shared_attempts::attempt {
    explicit attempt(const async::asio::any_io_executor& executor)
        : ended(executor) {}

    async::condition ended;
    bool is_over = false;
    bool was_done = false;
    std::exception_ptr failed; // null although it was not done: its caller was cancelled
};

// Tells those who wait, also if its caller is cancelled.
class shared_attempts::leader {
  public:
    leader(shared_attempts& all, std::string name)
        : all_(all)
        , name_(std::move(name))
        , mine_(std::make_shared<attempt>(all.executor_)) {
        all_.under_way_.emplace(name_, mine_);
    }
    leader(const leader&) = delete;
    leader& operator=(const leader&) = delete;
    ~leader() {
        all_.under_way_.erase(name_);
        mine_->is_over = true;
        mine_->ended.notify_all();
    }
    void end(const std::exception_ptr& failed) {
        mine_->was_done = !failed;
        if (failed && !async::is_cancellation(failed))
            mine_->failed = failed;
    }

  private:
    shared_attempts& all_;
    std::string name_;
    std::shared_ptr<attempt> mine_;
};

class shared_attempts::turn {
  public:
    explicit turn(shared_attempts& all)
        : all_(all) {
        ++all_.at_work_;
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
        --all_.at_work_;
        all_.freed_.notify_all();
    }

  private:
    shared_attempts& all_;
};

shared_attempts::shared_attempts(const async::asio::any_io_executor& executor, std::size_t at_a_time,
                                 std::chrono::milliseconds patience)
    : executor_(executor)
    , at_a_time_(at_a_time)
    , patience_(patience)
    , freed_(executor) {}

awaitable<void> shared_attempts::join(std::string name, std::function<awaitable<void>()> work) {
    for (;;) {
        const auto there = under_way_.find(name);
        if (there == under_way_.end()) {
            co_await lead(std::move(name), std::move(work));
            co_return;
        }
        const auto other = there->second;
        while (!other->is_over)
            co_await other->ended.wait();
        if (other->was_done)
            co_return;
        if (other->failed)
            std::rethrow_exception(other->failed);
    }
}

awaitable<void> shared_attempts::lead(std::string name, std::function<awaitable<void>()> work) {
    leader mine(*this, std::move(name));
    auto failed = co_await async::caught(wait_for_turn());
    if (!failed) {
        const turn of_mine(*this);
        failed = co_await async::caught(work());
    }
    mine.end(failed);
    if (failed)
        std::rethrow_exception(failed);
}

awaitable<void> shared_attempts::wait_for_turn() {
    const auto patience = async::deadline::after(patience_);
    while (at_work_ >= at_a_time_)
        co_await async::with_deadline(freed_.wait(), patience, "the keys of other topics");
}

} // namespace app
