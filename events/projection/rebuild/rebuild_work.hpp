// One rebuild of a projection, from its own schema to the swap.
// Tested by tests/integration/test_rebuild_refusals.py and tests/fault/test_projection_kills.py.
#pragma once

#include "events/projection/apply/apply_plugins.hpp"
#include "events/projection/control.hpp"
#include "events/projection/rebuild/rebuild.hpp"
#include "events/projection/rebuild/rebuild_sources.hpp"

#include <cstddef>
#include <exception>
#include <string>

namespace events {

// Used once. `session`, `of` and `log` must outlive it.
class rebuild_work {
  public:
    rebuild_work(projection_session& session, journal& of, rebuild_request request, async::log& log)
        : session_(session)
        , request_(std::move(request))
        , definition_(request_.which.definition)
        , log_(log)
        , temporary_(rebuild_name(request_.which.name))
        , sources_(of, request_.which, request_.from) {}

    [[nodiscard]] awaitable<void> run();

  private:
    // Topics and partitions that were made while the others were read.
    [[nodiscard]] awaitable<void> take_in_what_came();
    [[nodiscard]] awaitable<void> prepare(db::connection& session);
    // The schema, its tables, and where reading begins.
    [[nodiscard]] awaitable<bool> make_tables(db::connection& session);
    [[nodiscard]] awaitable<void> must_have_rows_of_events_alone(db::connection& session);
    // Checks for rows of others that came after the projection had begun. Returns whether to keep the old
    // tables.
    [[nodiscard]] awaitable<bool> must_not_shrink(db::connection& session);
    [[nodiscard]] awaitable<void> catch_up();
    [[nodiscard]] awaitable<void> swap(db::connection& session);
    [[nodiscard]] awaitable<void> discard(db::connection& session);
    [[nodiscard]] awaitable<void> leave(std::exception_ptr failed); // rethrows it
    [[nodiscard]] awaitable<bool> move_over(db::connection& session);
    // Applies what the live projection has applied and the new tables lack: the last batch, or a few.
    [[nodiscard]] awaitable<void> level(db::connection& session, rebuilt_partition each);
    [[nodiscard]] awaitable<void> apply_next(db::connection& session, rebuilt_partition each,
                                             position_row mine, position end);
    [[nodiscard]] awaitable<bool> was_swapped(db::connection& session);

    projection_session& session_;
    rebuild_request request_;
    const projection_definition& definition_;
    async::log& log_;
    std::string temporary_;  // the name of its position
    std::string schema_oid_; // of the schema that this process has made
    rebuild_sources sources_;
    std::size_t begun_ = 0;    // of the sources: they have a position
    std::string live_tables_;  // those that are there, as LOCK takes them
    std::string parking_;      // where the old ones are kept
    plugin_patience patience_; // with the plugins of the last batch
    int rounds_ = 0;           // that were too far behind at their swap
    bool swap_in_doubt_ = false;
    bool swapped_ = false;
    bool far_behind_ = false;
};

} // namespace events
