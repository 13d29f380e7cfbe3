// One projection over one partition of a topic: reads, applies, stands by, waits while it is paused.
// Tested by tests/unit/events/projection/engine_test.cpp.
#pragma once

#include "async/retry.hpp"
#include "db/session_scope.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/apply_batch.hpp"
#include "events/projection/beginning.hpp"
#include "events/projection/projection_session.hpp"
#include "events/projection/stream_progress.hpp"
#include "events/projection/write_conflicts.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

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

    [[nodiscard]] const stream_progress& progress() const noexcept { return progress_; }

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
    void choose_locks();
    [[nodiscard]] awaitable<void> look_again();
    [[nodiscard]] awaitable<void> stand_by();
    [[nodiscard]] awaitable<void> must_have_what_others_applied();
    [[nodiscard]] awaitable<void> compare_with_mark();
    [[nodiscard]] awaitable<void> stopped(async::error why);
    void say_what_is_there(const extent& there);
    void take(const position_row& row);
    void tell_note(const position_row& row);
    void tell_failure_of_another(const position_row& row);
    [[nodiscard]] awaitable<void> go_on_beside_others(db::connection& session, position_row& row);
    void note(const batch_report& report);
    void note_hidden(position readable_end, async::deadline::clock::duration patience);
    void must_not_have_vanished() const;
    void drop_read();
    [[nodiscard]] bool caught_up() const noexcept { return options_.once && progress_.next >= target_end_; }

    projection_session& session_;
    topic& source_;
    const projection_definition& definition_;
    stream_options options_;
    async::log& log_;
    batch_target target_;
    plugin_patience patience_;
    write_conflicts conflicts_;
    stream_progress progress_;
    std::vector<recorded_event> read_;         // from the position on
    std::size_t taken_ = 0;                    // events of read_ that are applied
    std::string last_worker_;                  // that had moved the position when it was looked at
    std::string told_;                         // a note in the row of a position that is not failed
    bool moved_by_another_ = false;            // since our journal was compared with the row's mark
    bool files_are_read_ = true;               // since the row last asked for it
    std::optional<std::int64_t> unusable_for_; // what the row asked for when the files could not be used
    position target_end_ = 0;
    position replay_until_ = 0;
    position gap_end_ = 0;       // no event stands between the position and this
    async::deadline hidden_due_; // when hidden events are told of; never: no event is hidden, or it was told
    position hidden_from_ = -1;  // since when they are hidden there
    async::deadline look_due_;   // when the row is looked at again, though nothing has happened
};

// Runs it to its end. `applying` is told of it, and of its end with null; may be empty.
[[nodiscard]] awaitable<void> run_shown(projection_stream& stream,
                                        const std::function<void(const projection_stream*)>& applying);

} // namespace events
