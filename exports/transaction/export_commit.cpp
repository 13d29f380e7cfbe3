#include "exports/transaction/export_commit.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "db/committing.hpp"
#include "db/position.hpp"
#include "lake/commit/two_step_commit.hpp"

#include <fmt/format.h>

#include <utility>

namespace exports {

using async::failure;
using async::fault_point;

// From here on the file depends on the transaction.
awaitable<void> export_commit::prepare() {
    mark_.author.run = context_.run_id;
    mark_.author.position = co_await db::position_of(opened_.session);
    const auto number =
        co_await opened_.session.query("SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text");
    mark_.author.transaction = number.text(0, 0);
    co_await db::make_number_durable(context_.database, mark_.author.position);
    if (context_.stop.requested())
        async::throw_cancelled();
    if (auto* const lease = context_.sink.lease())
        co_await lease->sign();
    co_await async::shielded(opened_.draft->prepare(mark_));
    fault_point("export-prepared");
    co_await opened_.draft->must_stand();
}

awaitable<void> export_commit::run() {
    lake::commit_steps steps;
    steps.announce = [this]() -> awaitable<db::transaction_mark> {
        co_await prepare();
        opened_.fate_open = true;
        co_return mark_.author;
    };
    steps.finalise = [this] { return show(); };
    steps.take_back = [this]() -> awaitable<void> {
        opened_.fate_open = false; // `undo` takes the file back
        co_return;
    };
    lake::commit_context context{context_.database, opened_.session, *opened_.transaction,
                                 context_.sink.lease(), context_.stop};
    co_await lake::commit_in_two_steps(context, std::move(steps));
}

// The rows are deleted; the next run does the rest.
awaitable<void> export_commit::show() {
    auto failed = co_await async::caught(opened_.draft->finalise());
    // A missing file is worse than a mark that is left: its rows are in neither place.
    if (failed && async::failure_of(failed) == failure::integrity)
        std::rethrow_exception(failed);
    auto now = draft::whereabouts::there; // if the storage cannot be reached: it was there before COMMIT
    try {
        now = co_await opened_.draft->look();
    } catch (const async::error&) {
        if (!failed)
            failed = std::current_exception();
    }
    if (now == draft::whereabouts::hidden && failed)
        std::rethrow_exception(failed);
    if (now != draft::whereabouts::there)
        throw async::error(
            failure::integrity,
            fmt::format("task '{}': {} rows were deleted for '{}', and it is not there", opened_.task(),
                        mark_.rows, opened_.draft->name()),
            "Somebody has moved or removed it since it was made: find it, it is the only copy of "
            "these rows.");
    if (failed)
        context_.log.warn("finalise.failed",
                          "a file is still marked as uncommitted: the next run clears the mark",
                          {{"task", opened_.task()},
                           {"file", opened_.draft->name()},
                           {"error.message", async::describe(failed)}});
}

} // namespace exports
