#include "lake/lease/leave_folder.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"

namespace lake {

namespace {

awaitable<void> release_if_alone(departure& leaving) {
    if (!leaving.transaction->open())
        leaving.transaction = co_await db::transaction::begin(leaving.session, leaving.options);
    const bool alone = co_await leaving.is_alone();
    if (alone)
        co_await leaving.lease->release();
    async::fault_point("lease-released");
}

awaitable<void> release_and_roll_back(departure& leaving) {
    if (leaving.lease != nullptr && leaving.session.usable())
        co_await release_if_alone(leaving);
    if (leaving.transaction->open())
        co_await leaving.transaction->rollback();
}

} // namespace

awaitable<void> leave_folder(departure leaving) {
    const auto failed = co_await async::caught(release_and_roll_back(leaving));
    // The run has done its own work: the lease expires, and the connection is closed.
    if (!failed || async::is_cancellation(failed))
        co_return;
    try {
        std::rethrow_exception(failed);
    } catch (const async::error& known) {
        leaving.log.debug("lease.not_released",
                          "the folder was not left in order: its lease expires by itself",
                          {{"error.message", known.what()}});
    }
}

} // namespace lake
