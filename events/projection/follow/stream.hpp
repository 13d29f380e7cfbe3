// One projection over one partition of a topic: reads, applies, stands by, waits while it is paused.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#pragma once

#include "async/retry.hpp"
#include "db/session_scope.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/apply/apply_batch.hpp"
#include "events/projection/apply/write_conflicts.hpp"
#include "events/projection/beginning.hpp"
#include "events/projection/follow/hidden_watch.hpp"
#include "events/projection/follow/next_state.hpp"
#include "events/projection/follow/read_ahead.hpp"
#include "events/projection/follow/stream_progress.hpp"
#include "events/projection/projection_session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace events {

struct stream_options {
    bool once = false;  // to the end that the topic has when the stream begins
    std::string worker; // unlike that of any other process
    std::string schema; // where names are found first; empty: none. With it, the position is there
    std::string schema_oid;
    // What stands in the tables where the projection begins: emptied once it is said. May be null.
    events::rows_before* rows_before = nullptr;
    // Called after each batch that moved the position; may be empty.
    std::function<void()> moved;
    // Where the row asks to read the files again, as projection_files::read_if_asked; empty: they are kept.
    std::function<awaitable<void>(db::connection&, std::int64_t)> read_files;
};

class projection_stream {
  public:
    // What is referred to must outlive the stream.
    projection_stream(projection_session& session, topic& source, std::int32_t partition, std::string name,
                      const projection_definition& definition, stream_options options, async::log& log);

    // Runs without end, unless `once` is set. Throws async::error: integrity for a journal that does not fit
    // the position; with `once`, also what stopped the projection.
    [[nodiscard]] awaitable<void> run();

    [[nodiscard]] stream_progress progress() const;

  private:
    // A pause, or a row that somebody has changed, is seen within a second.
    static constexpr std::chrono::milliseconds look_every{900};

    [[nodiscard]] awaitable<void> attach();
    [[nodiscard]] awaitable<void> attach_on(db::connection& session);
    [[nodiscard]] awaitable<void> step();
    [[nodiscard]] awaitable<void> read_events();
    [[nodiscard]] awaitable<void> look_for_hidden();
    [[nodiscard]] awaitable<void> apply_read();
    [[nodiscard]] awaitable<batch_report> apply_on(db::connection& session);
    [[nodiscard]] std::size_t choose_way();
    [[nodiscard]] awaitable<void> look_again();
    [[nodiscard]] awaitable<void> stand_by();
    [[nodiscard]] awaitable<void> must_have_what_others_applied();
    [[nodiscard]] awaitable<void> compare_with_mark();
    [[nodiscard]] awaitable<void> stopped(async::error why);
    void say_what_is_there(const extent& there);
    void note_row(const position_row& row);
    [[nodiscard]] awaitable<void> go_on_beside_others(db::connection& session, position_row& row);
    void note(const batch_report& report);
    void note_hidden(position readable_end, async::deadline::clock::duration patience);
    void must_not_have_vanished() const;
    [[nodiscard]] bool caught_up() const noexcept { return options_.once && known_.next >= target_end_; }

    projection_session& session_;
    topic& source_;
    const projection_definition& definition_;
    stream_options options_;
    async::log& log_;
    batch_target target_;
    plugin_patience patience_;
    write_conflicts conflicts_;
    hidden_watch hidden_;
    known_position known_;
    read_ahead ahead_;         // from known_.next on
    stream_progress progress_; // but for what known_ and ahead_ say
    position target_end_ = 0;
    async::deadline look_due_; // when the row is looked at again, though nothing has happened
};

// Runs it to its end. `applying` is told of it, and of its end with null; may be empty.
[[nodiscard]] awaitable<void> run_shown(projection_stream& stream,
                                        const std::function<void(const projection_stream*)>& applying);

} // namespace events
