// Counts what delete.sql changed beyond the rows that were exported. A child table that has a task of its own
// counts too: its rows would be gone before that task exports them.
// Tested by tests/integration/test_side_effects.py.

#include "async/error.hpp"
#include "db/side_effects.hpp"
#include "exports/attempt.hpp"
#include "exports/own_path.hpp"

#include <fmt/format.h>

namespace exports {

awaitable<void> exporter::watch_delete(attempt& work) {
    auto& watch = work.watched;
    watch.policy = context_.settings.side_effects;
    watch.setting = "EXPORT_SIDE_EFFECTS";
    auto path = co_await take_own_path(work.session);
    if (work.relation != 0)
        watch.table = co_await db::root_of(work.session, work.relation);
    if (watch.table.oid == 0)
        watch.table.name = work.removal.target.empty() ? "a table" : work.removal.target;
    if (watch.table.oid != 0) {
        const auto foreseen = co_await db::foresee_effects(work.session, watch);
        if (!foreseen.empty() && context_.settings.dry_run)
            context_.log.info("side_effects.possible",
                              "the DELETE may change other rows: what it changes is counted before COMMIT",
                              {{"task", work.task}, {"by", db::in_words(foreseen)}});
    }
    co_await give_path_back(work.session, std::move(path));
}

awaitable<void> exporter::look_at_delete(attempt& work) {
    auto path = co_await take_own_path(work.session);
    try {
        work.report.went_along =
            co_await db::look_at_effects(work.session, work.watched, work.untouched, work.mark.rows);
    } catch (async::error& refused) {
        refused.add_context(fmt::format("task '{}'", work.task));
        throw;
    }
    co_await give_path_back(work.session, std::move(path));
}

} // namespace exports
