#include "events/queries/query_sessions.hpp"

#include "async/error.hpp"
#include "async/race.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace events {

using async::failure;

// Has a place in the queue as long as it lives.
struct query_sessions::waiter {
    waiter(query_sessions& all, async::deadline deadline)
        : owner(all)
        , turn(all.executor_, deadline.at()) {
        owner.waiting_.push_back(this);
    }
    ~waiter() { std::erase(owner.waiting_, this); }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    void call() {
        called = true;
        turn.cancel();
    }

    query_sessions& owner;
    async::asio::steady_timer turn; // ends at the deadline, by a call, or by a cancellation
    bool called = false;
};

// A place in use, given up unless it is handed on.
class query_sessions::place {
  public:
    explicit place(query_sessions& owner) noexcept
        : owner_(&owner) {}
    ~place() {
        if (owner_ != nullptr)
            owner_->give_up_place();
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    void hand_on() noexcept { owner_ = nullptr; }

  private:
    query_sessions* owner_;
};

query_sessions::query_sessions(const async::asio::any_io_executor& executor, db::database_access database,
                               session_limits limits)
    : executor_(executor)
    , database_(database)
    , limits_(limits) {}

// Only the first in the queue is woken. If all were woken each time, later queries could be first, and some
// would wait for long.
awaitable<void> query_sessions::take_place(async::deadline deadline) {
    if (waiting_.size() >= limits_.waiting)
        throw async::error(failure::temporary, "too many queries wait for a connection to the database");
    if (in_use_ < limits_.sessions) {
        ++in_use_;
        co_return;
    }
    waiter mine(*this, deadline);
    const auto [ended] = co_await mine.turn.async_wait(async::asio::as_tuple(async::asio::use_awaitable));
    if (mine.called)
        co_return;
    if (ended)
        async::throw_cancelled();
    throw async::timed_out("a free connection to the database");
}

void query_sessions::give_up_place() {
    if (waiting_.empty()) {
        --in_use_;
        return;
    }
    auto* const first = waiting_.front();
    waiting_.pop_front();
    first->call();
}

awaitable<query_sessions::lease> query_sessions::take(async::deadline deadline) {
    co_await take_place(deadline);
    place taken(*this);
    std::unique_ptr<query_session> session;
    while (!idle_.empty() && !session) {
        session = std::move(idle_.back());
        idle_.pop_back();
        if (!session->connection->usable())
            session.reset();
    }
    if (!session) {
        session = std::make_unique<query_session>();
        session->generation = generation_;
        session->connection = co_await async::with_deadline(
            db::connection::open(database_.options, database_.helper, database_.log), deadline,
            "a connection to the database");
    }
    taken.hand_on();
    co_return lease(*this, std::move(session));
}

void query_sessions::renew() {
    ++generation_;
    idle_.clear();
}

void query_sessions::give_back(std::unique_ptr<query_session> session) {
    if (session->connection->usable() && session->generation == generation_) {
        session->reused = true;
        idle_.push_back(std::move(session));
    }
    give_up_place();
}

} // namespace events
