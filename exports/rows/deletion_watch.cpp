#include "exports/rows/deletion_watch.hpp"

#include "async/error.hpp"
#include "exports/rows/own_path.hpp"

#include <fmt/format.h>

#include <utility>

namespace exports {

awaitable<void> deletion_watch::begin(std::uint32_t relation, std::string name) {
    watch_.policy = context_.settings.side_effects;
    watch_.setting = "EXPORT_SIDE_EFFECTS";
    auto path = co_await take_own_path(opened_.session);
    if (relation != 0)
        watch_.table = co_await db::root_of(opened_.session, relation);
    if (watch_.table.oid == 0)
        watch_.table.name = name.empty() ? "a table" : std::move(name);
    if (watch_.table.oid != 0) {
        const auto foreseen = co_await db::foresee_effects(opened_.session, watch_);
        if (!foreseen.empty() && context_.settings.dry_run)
            context_.log.info("side_effects.possible",
                              "the DELETE may change other rows: what it changes is counted before COMMIT",
                              {{"task", opened_.task()}, {"by", db::in_words(foreseen)}});
    }
    co_await give_path_back(opened_.session, std::move(path));
}

awaitable<void> deletion_watch::look(const db::change_counters& untouched, std::uint64_t rows) {
    auto path = co_await take_own_path(opened_.session);
    try {
        opened_.report.went_along = co_await db::look_at_effects(opened_.session, watch_, untouched, rows);
    } catch (async::error& refused) {
        refused.add_context(fmt::format("task '{}'", opened_.task()));
        throw;
    }
    co_await give_path_back(opened_.session, std::move(path));
}

} // namespace exports
