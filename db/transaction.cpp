#include "db/transaction.hpp"

#include "async/caught.hpp"
#include "async/race.hpp"
#include "db/impl/begin_statement.hpp"
#include "db/impl/statement.hpp"
#include "db/read_only_standby.hpp"

#include <exception>

namespace db {

namespace {

using shared_session = std::shared_ptr<libpq_session>;

PGTransactionStatusType status_of(const libpq_session& session) {
    return session.connected() ? PQtransactionStatus(session.handle()) : PQTRANS_UNKNOWN;
}

awaitable<void> roll_back(shared_session session) {
    static_cast<void>(co_await run_batch(std::move(session), "ROLLBACK"));
}

// Throws if a setting does not read as expected; returns what synchronous_commit says.
std::string check(const std::vector<result>& results, const std::vector<expectation>& expected) {
    if (results.size() < expected.size() + 1)
        throw async::error(async::failure::internal, "BEGIN was not answered as it was asked");
    std::size_t next = results.size() - expected.size() - 1;
    for (const expectation& each : expected) {
        const std::string_view is = results[next++].text(0, 0);
        if (is != each.value && !each.set_by_us)
            throw async::error(async::failure::precondition,
                               "the server has " + std::string(each.setting) + " '" + std::string(is) +
                                   "': rows of damaged pages would vanish or be taken for sound",
                               "Set it to " + std::string(each.value) + " for this role and database.");
        if (is != each.value)
            throw async::error(async::failure::precondition,
                               "the server has " + std::string(each.setting) + " '" + std::string(is) +
                                   "' in a transaction that set it to '" + std::string(each.value) + "'",
                               "Check the connection pooler between this program and PostgreSQL.");
    }
    return std::string(results[next].text(0, 0));
}

awaitable<void> begin_and_check(shared_session session, transaction_options options) {
    const std::string sql = begin_statement(options, PQserverVersion(session->handle()));
    const auto results = co_await run_batch(session, sql);
    const std::string synchronous_commit = check(results, expectations(options));
    // A commit that the server confirms and then loses in a crash would bring deleted rows back.
    if (synchronous_commit == "off" && options.mode == access::read_write)
        static_cast<void>(co_await run_batch(session, "SET LOCAL synchronous_commit = on"));
}

std::string state_of(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const error& found) {
        return std::string(found.state());
    } catch (const async::error&) {
        return {};
    }
}

awaitable<bool> in_recovery(shared_session session) {
    const auto answers = co_await run_batch(std::move(session), "SELECT pg_catalog.pg_is_in_recovery()");
    co_return !answers.empty() && answers.back().boolean(0, 0);
}

// A server that ended the session says so without being asked: read it before COMMIT is sent, so that a lost
// connection is reported before COMMIT instead of as in doubt. The first call reads the server's last
// message, the second the end.
void notice_lost_connection(libpq_session& session) {
    for (int i = 0; i < 2 && session.connected(); ++i)
        session.consume();
}

struct commit_answer {
    commit_outcome outcome = commit_outcome::in_doubt;
    std::optional<error> refusal;
};

awaitable<commit_answer> send_commit(shared_session session) {
    commit_answer answer;
    try {
        const auto results = co_await run_batch(session, "COMMIT");
        // A transaction that had failed answers ROLLBACK, and that is a success.
        if (!results.empty() && results.back().command_tag() == "COMMIT")
            answer.outcome = commit_outcome::committed;
        else if (!results.empty() && results.back().command_tag() == "ROLLBACK")
            answer.outcome = commit_outcome::rolled_back;
    } catch (const error& failed) {
        // An error after which the session lives on is the server's answer to COMMIT. One that ended the
        // session may come from a pooler, or after the commit was written.
        if (!failed.state().empty() && status_of(*session) == PQTRANS_IDLE)
            answer.outcome = commit_outcome::rolled_back;
        answer.refusal = failed;
    }
    co_return answer;
}

} // namespace

awaitable<transaction> transaction::begin(connection& session, transaction_options options) {
    return begin_owned(session, std::move(options));
}

awaitable<transaction> transaction::begin_owned(connection& session, transaction_options options) {
    const shared_session shared = session.session_;
    // The server would only warn, and go on with the transaction that is open.
    if (shared->at() == phase::idle && status_of(*shared) != PQTRANS_IDLE && shared->connected())
        throw async::error(async::failure::internal, "BEGIN while the session is in a transaction");
    const auto failed = co_await async::caught_error(begin_and_check(shared, std::move(options)));
    if (failed) {
        const bool not_supported = state_of(failed) == "0A000"; // READ WRITE during recovery, if nothing else
        // The first error is the one that counts; a session that cannot roll back is lost and says so by
        // itself.
        try {
            if (shared->usable() && status_of(*shared) != PQTRANS_IDLE)
                co_await roll_back(shared);
        } catch (const async::error& also) {
            shared->log().debug("db.rollback_failed", also.what());
        }
        bool standby = false;
        if (not_supported && shared->usable())
            standby = co_await in_recovery(shared);
        if (standby)
            throw read_only_standby();
        std::rethrow_exception(failed);
    }
    co_return transaction(session);
}

awaitable<commit_outcome> transaction::commit(async::deadline deadline) {
    const shared_session shared = session_->session_;
    if (!open_)
        throw async::error(async::failure::internal, "COMMIT of a transaction that has ended");
    if (deadline.passed())
        throw async::timed_out("commit");
    if (shared->at() == phase::idle)
        notice_lost_connection(*shared);
    if (!shared->usable())
        throw error(async::failure::temporary, "the connection to the database server was lost before COMMIT",
                    {}, false);
    const auto status = status_of(*shared);
    if (shared->at() != phase::idle || (status != PQTRANS_INTRANS && status != PQTRANS_INERROR))
        throw async::error(async::failure::internal, "COMMIT outside of a transaction or during a statement");

    open_ = false;
    const bool doomed = status == PQTRANS_INERROR;
    try {
        if (doomed) {
            co_await async::with_deadline(roll_back(shared), deadline, "rollback");
        } else {
            commit_answer answer = co_await async::with_deadline(send_commit(shared), deadline, "commit");
            refusal_ = std::move(answer.refusal);
            co_return answer.outcome;
        }
    } catch (const error& failed) {
        refusal_ = failed;
    } catch (const async::error& late) {
        refusal_ = error(late.kind(), late.message(), {}, false);
    }
    co_return doomed ? commit_outcome::rolled_back : commit_outcome::in_doubt;
}

awaitable<void> transaction::rollback() {
    open_ = false;
    return roll_back(session_->session_);
}

} // namespace db
