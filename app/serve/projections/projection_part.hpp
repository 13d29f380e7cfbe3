// Projections as a part of the server: they run beside it, and the journal removes events that all have
// applied.
// Tested by tests/integration/test_served_projections.py.
#pragma once

#include "app/observe/backlog_progress.hpp"
#include "app/observe/progress.hpp"
#include "app/run/connections.hpp"
#include "app/run/journal/journal_positions.hpp"
#include "app/serve/served_part.hpp"
#include "async/deadline.hpp"
#include "async/task_scope.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/control.hpp"
#include "events/projection/follow/engine.hpp"
#include "events/projection/retention/retention.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace app {

// For the database, before the first request.
inline constexpr std::chrono::seconds first_look_patience{5};

class projection_part final : public served_part {
  public:
    // `source` must outlive it. Reads the projections' directories.
    projection_part(serve_surroundings around, events::journal& source);

    // Do not use it without PG_CONNECTION_STRING.
    [[nodiscard]] db::database_access database() const noexcept { return database_; }
    // The streams of this process, and the positions of others as they were seen in the last half minute.
    [[nodiscard]] std::vector<events::stream_progress> here() const;
    [[nodiscard]] const std::vector<events::stream_progress>& elsewhere() const noexcept { return others_; }

    [[nodiscard]] std::vector<readiness_probe> probes() override;
    [[nodiscard]] std::vector<telemetry::metric> metrics() const override;
    // Throws unless the journal is the one that the database knows, as far as the database answers in time.
    [[nodiscard]] async::awaitable<void> check() override;
    [[nodiscard]] async::awaitable<void> begin() override;
    [[nodiscard]] async::awaitable<void> work() override;
    void stop() override;
    void show_progress() override { display_.show_now(); }
    void release() override;

  private:
    void say_that_nothing_runs();
    void tell_topics_not_read(const std::vector<events::projection_definition>& running);
    [[nodiscard]] events::awaited_projection awaited(const events::projection_definition& which,
                                                     bool runs_here) const;
    void note_readers(const std::vector<events::projection_definition>& all);
    [[nodiscard]] async::awaitable<void> must_fit();
    using position_comparison = async::awaitable<void> (*)(db::connection&, const written_journal&);
    [[nodiscard]] async::awaitable<void> compare(position_comparison which);
    [[nodiscard]] async::awaitable<bool> positions_allow(async::awaitable<void> comparing,
                                                         async::deadline::clock::duration patience);
    [[nodiscard]] async::awaitable<std::string> problem();
    [[nodiscard]] async::awaitable<void> watch_others();
    void note_others(const std::vector<events::projection_status>& all);
    void tell_if_unused(const events::projection_status& position);

    serve_surroundings around_;
    events::journal& source_;
    connections connections_;
    db::database_access database_;
    events::known_readers readers_; // for the journal's retention
    std::set<std::string> names_;   // of positions that this process knows
    bool fits_ = false;             // the journal, as the database has said
    async::deadline::clock::duration first_look_left_ = first_look_patience; // a start waits no longer
    std::string broken_;                                                     // files with mistakes
    std::unique_ptr<events::projection_engine> engine_;                      // null: no projection runs here
    // Positions that other processes move, or that no process moves.
    std::vector<events::stream_progress> others_;
    std::set<events::position_key> told_;
    async::task_scope at_work_;
    backlog_progress backlog_;
    progress_display display_;
};

} // namespace app
