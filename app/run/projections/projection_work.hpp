// Runs a command about projections, and owns everything that it needs.
// Tested by tests/integration/test_projections.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/observe/backlog_progress.hpp"
#include "app/observe/progress.hpp"
#include "app/run/connections.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "app/settings/configuration.hpp"
#include "async/stop.hpp"
#include "async/task_scope.hpp"
#include "events/projection/control.hpp"
#include "events/projection/follow/engine.hpp"
#include "events/projection/follow/stream.hpp"
#include "events/projection/projection_session.hpp"
#include "events/projection/rebuild/replay.hpp"

#include <boost/asio/io_context.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace app {

// What `project` reports about itself while it runs.
struct projecting_view {
    async::asio::any_io_executor executor;
    const configuration& settings;
    db::database_access database;
    std::function<std::vector<events::stream_progress>()> progress;
    async::log& log;
};
// Answers probes until it is cancelled.
using health_server = std::function<async::awaitable<void>(projecting_view)>;

// The order of the members is that in which they can be destroyed, last first.
class projection_work {
  public:
    // `request`, `settings` and `frame` must outlive it. `prepared` is called once all checks of a rebuild
    // have passed; may be empty. `health` is for a `project` that listens.
    projection_work(const command_line& request, const configuration& settings, run_frame& frame,
                    std::function<void()> prepared, health_server health);
    projection_work(const projection_work&) = delete;
    projection_work& operator=(const projection_work&) = delete;
    ~projection_work();

    // Runs the command to its end. Once.
    [[nodiscard]] work_end run();

    // The answer for standard output; may be empty.
    [[nodiscard]] const std::string& answer() const noexcept { return answer_; }
    // Of `project`, as it is or was last, and of a rebuild that applies events.
    [[nodiscard]] std::vector<events::stream_progress> progress() const;

  private:
    [[nodiscard]] async::awaitable<void> work();
    [[nodiscard]] async::awaitable<void> do_command();
    [[nodiscard]] async::awaitable<void> project(std::vector<events::projection_definition> there);
    [[nodiscard]] async::awaitable<void> projections(std::vector<events::projection_definition> there);
    [[nodiscard]] async::awaitable<void> list(std::vector<events::projection_definition> there);
    [[nodiscard]] async::awaitable<void> change(const events::projection_definition& which);
    [[nodiscard]] async::awaitable<events::replay_start> start_of(const events::projection_definition& which);
    [[nodiscard]] async::awaitable<void> rebuild(const events::projection_definition& which);
    [[nodiscard]] async::awaitable<void> note_lost_rebuild(const events::projection_definition& which,
                                                           std::string why);
    [[nodiscard]] async::awaitable<void> dead_letters(std::vector<events::projection_definition> there);
    [[nodiscard]] async::awaitable<void> migrate(std::vector<events::projection_definition> there);

    [[nodiscard]] async::awaitable<void> check(std::vector<events::projection_definition> there,
                                               std::exception_ptr unread);

    [[nodiscard]] async::awaitable<void> open_journal_to_read();
    [[nodiscard]] async::awaitable<void> must_not_be_lost(async::error why);
    // Awaits `body` with a session, and repeats it if that may help.
    [[nodiscard]] async::awaitable<void>
    with_session(std::function<async::awaitable<void>(db::connection&)> body);
    [[nodiscard]] std::string position_name_of(const events::projection_definition& which) const;
    [[nodiscard]] events::named_projection named(const events::projection_definition& which) const;

    const command_line& request_;
    const configuration& settings_;
    run_log& out_;
    async::log& log_;
    async::helper_thread& blocking_calls_;
    std::string run_id_;
    std::function<void()> prepared_;
    health_server health_;
    boost::asio::io_context loop_{1};
    async::stop_source stop_;
    connections connections_;
    stop_guard guard_;
    async::helper_thread reading_;
    events::projection_session session_;
    std::unique_ptr<events::journal> journal_;
    std::unique_ptr<events::projection_engine> engine_;
    std::vector<events::stream_progress> last_;
    const events::projection_stream* rebuilding_ = nullptr; // while a rebuild applies events
    async::task_scope beside_;
    backlog_progress backlog_;
    progress_display display_;
    std::string answer_;
    int exit_code_ = exit_code::done;
};

} // namespace app
