#include "events/queries/query_sessions.hpp"

#include "async/error.hpp"
#include "async/race.hpp"

#include <utility>

namespace events {

using async::failure;

namespace {

// Counted as long as it lives.
class counted_waiter {
  public:
    explicit counted_waiter(std::size_t& count) noexcept
        : count_(count) {
        ++count_;
    }
    ~counted_waiter() { --count_; }
    counted_waiter(const counted_waiter&) = delete;
    counted_waiter& operator=(const counted_waiter&) = delete;

  private:
    std::size_t& count_;
};

// A place in use, kept unless it is handed on.
class place_in_use {
  public:
    place_in_use(std::size_t& in_use, async::condition& changed) noexcept
        : in_use_(&in_use)
        , changed_(changed) {
        ++in_use;
    }
    ~place_in_use() {
        if (in_use_ == nullptr)
            return;
        --*in_use_;
        changed_.notify_all();
    }
    place_in_use(const place_in_use&) = delete;
    place_in_use& operator=(const place_in_use&) = delete;
    void hand_on() noexcept { in_use_ = nullptr; }

  private:
    std::size_t* in_use_;
    async::condition& changed_;
};

} // namespace

query_sessions::query_sessions(const async::asio::any_io_executor& executor, db::database_access database,
                               session_limits limits)
    : database_(database)
    , limits_(limits)
    , changed_(executor) {}

awaitable<query_sessions::lease> query_sessions::take(async::deadline deadline) {
    if (waiting_ >= limits_.waiting)
        throw async::error(failure::temporary, "too many queries wait for a connection to the database");
    while (in_use_ >= limits_.sessions) {
        const counted_waiter waits(waiting_);
        co_await async::with_deadline(changed_.wait(), deadline, "a free connection to the database");
    }
    place_in_use taken(in_use_, changed_);
    std::unique_ptr<query_session> session;
    while (!idle_.empty() && !session) {
        session = std::move(idle_.back());
        idle_.pop_back();
        if (!session->connection->usable())
            session.reset();
    }
    if (!session) {
        session = std::make_unique<query_session>();
        session->connection = co_await async::with_deadline(
            db::connection::open(database_.options, database_.helper, database_.log), deadline,
            "a connection to the database");
    }
    taken.hand_on();
    co_return lease(*this, std::move(session));
}

void query_sessions::give_back(std::unique_ptr<query_session> session) {
    --in_use_;
    if (session->connection->usable()) {
        session->reused = true;
        idle_.push_back(std::move(session));
    }
    changed_.notify_all();
}

} // namespace events
