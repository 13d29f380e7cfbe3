// Window files as a part of the server: a view of the topic of live events that follows the journal and the
// position of `revenue`. It never keeps an event from being accepted.
// Tested by tests/integration/test_window_files.py and tests/fault/test_window_kills.py.
#pragma once

#include "app/run/connections.hpp"
#include "app/serve/served_part.hpp"
#include "app/serve/windows/window_directory.hpp"
#include "app/serve/windows/window_view.hpp"
#include "async/deadline.hpp"
#include "async/helper_thread.hpp"
#include "async/task_scope.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/projection_session.hpp"

#include <memory>
#include <optional>
#include <string>

namespace app {

class window_files_part final : public served_part {
  public:
    // `source` must outlive it.
    window_files_part(serve_surroundings around, events::journal& source);

    // Throws async::error if the directory lacks something, or if its files are not of this journal.
    [[nodiscard]] async::awaitable<void> begin() override;
    [[nodiscard]] async::awaitable<void> work() override;
    void stop() override { at_work_.cancel(); }
    void release() override;

  private:
    [[nodiscard]] async::awaitable<void> follow();
    [[nodiscard]] async::awaitable<void> step();
    // From there, or, where the journal has removed events, with a warning from its first one.
    void go_on_at(std::int32_t partition, events::position next, const events::extent& there);
    [[nodiscard]] async::awaitable<void> read_events();
    [[nodiscard]] async::awaitable<void> write_lines();
    [[nodiscard]] async::awaitable<void> look_at_positions();
    [[nodiscard]] async::awaitable<void> publish();
    [[nodiscard]] async::awaitable<void> remove_old();
    [[nodiscard]] async::awaitable<void> begin_with(std::optional<window_view> there);

    serve_surroundings around_;
    events::journal& source_;
    connections connections_;
    events::projection_session session_;
    async::helper_thread files_;
    std::shared_ptr<window_directory> directory_; // calls own it: one that is left alone ends by itself
    std::string projection_;                      // the name of its position
    events::topic* topic_ = nullptr;
    std::optional<window_view> view_;
    window_plan plan_;
    window_positions applied_;
    bool changed_ = true; // the disk may differ from what is known
    async::deadline look_due_;
    async::deadline publish_due_;
    async::deadline removal_due_;
    async::task_scope at_work_;
};

} // namespace app
