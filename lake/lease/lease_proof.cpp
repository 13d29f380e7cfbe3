#include "lake/lease/lease_proof.hpp"

#include "async/deadline.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/race.hpp"

#include <fmt/format.h>

#include <exception>

namespace lake {

namespace {

constexpr std::chrono::seconds renewal_patience{4};
constexpr std::chrono::seconds proof_patience{60};

} // namespace

awaitable<void> prove_held(db::connection& session, folder_lease& lease) {
    const auto deadline = async::deadline::after(proof_patience);
    const auto limit =
        fmt::format("SET LOCAL idle_in_transaction_session_timeout = '{}s'", proof_counts_for.count());
    for (;;) {
        std::exception_ptr failed;
        co_await session.execute(limit);
        try {
            co_await async::with_deadline(lease.renew(), async::deadline::after(renewal_patience),
                                          "the folder's lease to be renewed");
        } catch (const async::error& error) {
            if (!error.may_repeat() || deadline.passed())
                throw;
            failed = std::current_exception();
        }
        if (!failed)
            break;
    }
    async::fault_point("lease-proved");
}

} // namespace lake
