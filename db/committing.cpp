#include "db/committing.hpp"

#include "async/caught.hpp"
#include "async/fault_point.hpp"
#include "async/pause.hpp"
#include "async/race.hpp"
#include "async/retry.hpp"
#include "async/timeline.hpp"
#include "db/fate.hpp"
#include "db/in_transaction.hpp"
#include "db/position.hpp"

#include <utility>

namespace db {

using async::fault_point;

namespace {

constexpr std::chrono::seconds outcome_patience{30};
constexpr std::chrono::milliseconds outcome_pause{200};

struct outcome_seen {
    fate asked = fate::unknown;
    bool same_server = false;
};

awaitable<outcome_seen> look_at_outcome(connection& session, transaction_mark which) {
    outcome_seen seen;
    const auto now = co_await position_of(session);
    seen.asked = co_await fate_of(session, which.transaction, which.position, now);
    seen.same_server = same_server(which.position, now);
    co_return seen;
}

awaitable<commit_decision> ask_for_outcome(database_access database, transaction_mark which) {
    const auto session = co_await connection::open(database.options, database.helper, database.log);
    const transaction_options options;
    const auto seen = co_await read_in_transaction(*session, options, look_at_outcome(*session, which));
    database.log.info("commit.outcome", "the server was asked what became of the transaction",
                      {{"transaction.fate", to_string(seen.asked)}, {"same_server", seen.same_server}});
    co_return decide_commit_in_doubt(seen.asked, seen.same_server);
}

awaitable<void> log_a_message(database_access database, server_position position) {
    const auto session = co_await connection::open(database.options, database.helper, database.log);
    co_await must_be_of_server(*session, std::move(position));
    // A transaction of its own, which the server ends. Without a log record it would not be flushed, and
    // neither would one in a session without synchronous_commit.
    (void)co_await session->query(
        "SELECT pg_catalog.set_config('synchronous_commit'::pg_catalog.text, 'on'::pg_catalog.text, true),"
        " pg_catalog.pg_logical_emit_message(true, 'event-archiver'::pg_catalog.text,"
        " 'flush'::pg_catalog.text)");
}

} // namespace

// The sessions that have just been closed may still count against a limit of connections.
awaitable<void> make_number_durable(database_access database, server_position position) {
    std::uint64_t retries = 0;
    async::retry_context patience{{6, std::chrono::milliseconds(200), std::chrono::milliseconds(2'000)},
                                  async::make_random_source(),
                                  database.log,
                                  retries};
    const auto attempt = [&database, &position]() -> awaitable<void> {
        try {
            co_await log_a_message(database, position);
        } catch (error& failed) {
            if (failed.state() != too_many_connections)
                failed.set_not_repeatable();
            throw;
        } catch (async::error& failed) {
            failed.set_not_repeatable();
            throw;
        }
    };
    co_await async::retry(patience, "a second connection", async::deadline(), attempt);
    fault_point("number-durable");
}

awaitable<commit_decision> commit_or_ask(database_access database, transaction& transaction,
                                         transaction_mark which) {
    const async::span shown(database.log, "job", "commit");
    fault_point("before-commit");
    const auto outcome = co_await transaction.commit(async::deadline::after(commit_patience));
    fault_point("after-commit");
    auto decision = decide_commit(outcome);
    if (decision != commit_decision::ask)
        co_return decision;

    database.log.warn("commit.in_doubt", "the answer to COMMIT was lost: asking the server what became of it",
                      {{"transaction", which.transaction}});
    const auto deadline = async::deadline::after(outcome_patience);
    const auto ask = [&decision, &database, &which]() -> awaitable<void> {
        decision = co_await ask_for_outcome(database, which);
    };
    for (;;) {
        const auto failed =
            co_await async::caught_error(async::with_deadline(ask(), deadline, "the outcome of COMMIT"));
        if (!failed && decision != commit_decision::wait)
            co_return decision;
        if (deadline.passed())
            co_return commit_decision::leave_marks;
        co_await async::pause(outcome_pause);
    }
}

} // namespace db
