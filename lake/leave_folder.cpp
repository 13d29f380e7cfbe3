#include "lake/leave_folder.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"

namespace lake {

namespace {

awaitable<void> release_if_alone(departure& leaving) {
    if (!leaving.transaction->open())
        leaving.transaction = co_await db::transaction::begin(leaving.session, leaving.options);
    const bool alone = co_await leaving.is_alone();
    if (alone)
        co_await leaving.lease->release();
}

awaitable<void> release_and_roll_back(departure& leaving) {
    if (leaving.lease != nullptr && leaving.session.usable()) {
        try {
            co_await release_if_alone(leaving);
        } catch (const async::error& failed) {
            leaving.log.debug("lease.not_released", "the lease was not released: it expires by itself",
                              {{"error.message", failed.what()}});
            co_return; // the run has done its own work
        }
    }
    if (leaving.transaction->open())
        co_await leaving.transaction->rollback();
}

} // namespace

awaitable<void> leave_folder(departure leaving) {
    const auto failed = co_await async::caught(release_and_roll_back(leaving));
    // The run has done its own work: if a stop is requested now, the lease expires and the connection is
    // closed.
    if (failed && !async::is_cancellation(failed))
        std::rethrow_exception(failed);
}

} // namespace lake
