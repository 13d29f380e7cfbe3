// How a transaction of a run begins: the table is locked against being rewritten, and the run's lock is
// taken.
// Tested by tests/fault/test_rewriting.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_lock.hpp"
#include "archive/run/run_transaction.hpp"
#include "async/error.hpp"
#include "db/transaction.hpp"
#include "lake/lease/folder_lease.hpp"

#include <functional>
#include <string>

namespace archive {

// The options of every transaction that locks the table, or that reads beside one which does.
[[nodiscard]] db::transaction_options coordinator_options(const settings& limits);

class transaction_opener {
  public:
    // `removed_before`: the time, as an SQL expression, before which partitions may be taken away whole; a
    // run without it takes none away. `context` must outlive the opener.
    explicit transaction_opener(const run_context& context, std::function<std::string()> removed_before = {})
        : context_(context)
        , removed_before_(std::move(removed_before)) {}

    // Begins the transaction, describes the table and takes both locks. False, without a transaction, while
    // another run is at work. Throws async::error(temporary) if the table could not be locked in time.
    [[nodiscard]] awaitable<bool> open(run_transaction& opened);
    // After `open` has returned false: async::error(locked), with what is known of the other run.
    [[nodiscard]] async::error lock_is_held() const;

  private:
    [[nodiscard]] awaitable<void> note_holder(db::connection& session, const run_lock& lock);

    const run_context& context_;
    std::function<std::string()> removed_before_;
    std::string lock_holder_; // the session that had the lock when it was busy last
};

// The claim with which this transaction takes the folder's lease.
[[nodiscard]] awaitable<lake::lease_claim> claim_of(run_transaction& opened);

} // namespace archive
