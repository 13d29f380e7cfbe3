// Sessions that queries share, up to a limit. Queries that find none free get them in the order in which they
// came.
// Tested by tests/unit/events/queries/query_desk_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "db/session_scope.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace events {

using async::awaitable;

struct session_limits {
    std::size_t sessions = 8;   // at most
    std::size_t waiting = 1024; // more are turned away at once
};

// One of them, and which statements it has prepared.
struct query_session {
    std::unique_ptr<db::connection> connection;
    std::set<std::string, std::less<>> prepared;
    bool reused = false;     // it has answered before: the server may have gone since
    unsigned generation = 0; // of the sessions when it was opened
};

class query_sessions {
  public:
    // What is referred to must outlive it.
    query_sessions(const async::asio::any_io_executor& executor, db::database_access database,
                   session_limits limits);
    query_sessions(const query_sessions&) = delete;
    query_sessions& operator=(const query_sessions&) = delete;

    // Gives the session back when it ends; one that is of no more use is closed.
    class lease {
      public:
        lease(query_sessions& owner, std::unique_ptr<query_session> held) noexcept
            : owner_(&owner)
            , held_(std::move(held)) {}
        lease(lease&& other) noexcept = default;
        lease& operator=(lease&&) = delete;
        ~lease() {
            if (held_)
                owner_->give_back(std::move(held_));
        }
        [[nodiscard]] query_session& session() noexcept { return *held_; }

      private:
        query_sessions* owner_;
        std::unique_ptr<query_session> held_;
    };

    // Throws async::error(temporary) where too many wait, or none comes free by `deadline`; db::error where a
    // new one cannot be made.
    [[nodiscard]] awaitable<lease> take(async::deadline deadline);
    // Closes sessions that are not in use.
    void close() { idle_.clear(); }
    // The same, and those in use are closed when they are given back: the next query gets a new one.
    void renew();
    [[nodiscard]] unsigned generation() const noexcept { return generation_; }

    [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }

  private:
    class place;
    struct waiter;
    // Returns once the caller has a place.
    [[nodiscard]] awaitable<void> take_place(async::deadline deadline);
    // Gives the place to the first that waits.
    void give_up_place();
    void give_back(std::unique_ptr<query_session> session);

    async::asio::any_io_executor executor_;
    db::database_access database_;
    session_limits limits_;
    std::vector<std::unique_ptr<query_session>> idle_;
    unsigned generation_ = 0;
    std::size_t in_use_ = 0;      // places; those of sessions that are being opened, too
    std::deque<waiter*> waiting_; // only while all places are in use
};

} // namespace events
