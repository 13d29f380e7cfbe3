// The connection of a projection, for all its streams: one uses it at a time. Opened when it is needed, and
// again when it was lost.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#pragma once

#include "async/mutex.hpp"
#include "async/retry.hpp"
#include "db/session_scope.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace events {

using async::awaitable;

class projection_session {
  public:
    // What is referred to must outlive it. `retries`: of one use of the connection.
    projection_session(const boost::asio::any_io_executor& executor, db::database_access database,
                       async::retry_policy retries, std::string doing);

    // Awaits `body` with the connection, again with a new one as long as the policy allows and the failure
    // may be repeated: `body` begins from the start each time, so what it has done before must not matter.
    [[nodiscard]] awaitable<void> use(std::function<awaitable<void>(db::connection&)> body);

    // The same for work that needs no connection: reading the journal.
    [[nodiscard]] awaitable<void> repeat(std::function<awaitable<void>()> body);

    void close() noexcept { connection_.reset(); }
    [[nodiscard]] std::uint64_t retries() const noexcept { return retry_count_; }

  private:
    [[nodiscard]] awaitable<void> open();
    [[nodiscard]] awaitable<void> use_once(const std::function<awaitable<void>(db::connection&)>& body);

    db::database_access database_;
    std::string doing_;
    std::uint64_t retry_count_ = 0;
    async::retry_context retries_;
    std::unique_ptr<db::connection> connection_;
    bool was_open_ = false;
    bool has_worked_ = false;
    async::mutex in_use_;
};

} // namespace events
