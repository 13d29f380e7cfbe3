// The files of a projection as this process has them. A resume, a replay and a rebuild ask each process that
// runs the projection to read them again.
// Tested by tests/integration/test_changed_files.py.
#pragma once

#include "async/log.hpp"
#include "db/session_scope.hpp"
#include "events/projection/definition.hpp"
#include "events/projection/position_state.hpp"
#include "events/projection/projection_session.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace events {

using async::awaitable;

// Reads the directory of a projection again, as it was read before. Blocks.
using definition_reader = std::function<projection_definition(const projection_definition& before)>;

class projection_files {
  public:
    // `position_name`: of its positions. `read`: empty: the files stay as they were read. What is referred to
    // must outlive it.
    projection_files(projection_definition first, std::string position_name, definition_reader read,
                     async::helper_thread& thread, async::log& log);

    // Changes only while one of the calls below is awaited, at the same address.
    [[nodiscard]] const projection_definition& definition() const noexcept { return definition_; }

    // Applies migrations that are due, before a stream of the projection runs. A mistake in one stops this
    // projection alone, and not the server that it runs in: it is noted, and the files are read again once a
    // person has resumed the projection; `waiting` is called each second until then. With `once` it is
    // thrown, as events::migrate does.
    [[nodiscard]] awaitable<void> begin(projection_session& session, bool once,
                                        std::function<awaitable<void>()> waiting);
    // Why `begin` waits for a person; empty while it does not.
    [[nodiscard]] const std::string& stopped_by() const noexcept { return stopped_by_; }
    // Where the projection was then; other processes may move it on.
    [[nodiscard]] const std::vector<reached_position>& stopped_at() const noexcept { return stopped_at_; }

    // Reads them, if they were not read since a row got `asked`, applies migrations that are due, and takes
    // them. Throws async::error(precondition), and keeps those that it has, if they have a mistake or name
    // other topics or another group. The caller sees to it that no batch is being applied meanwhile.
    [[nodiscard]] awaitable<void> read_if_asked(db::connection& session, std::int64_t asked);

  private:
    [[nodiscard]] awaitable<void> read(db::connection& session);
    [[nodiscard]] awaitable<void> migrate(db::connection& session);
    [[nodiscard]] awaitable<void> note_and_wait(projection_session& session,
                                                const std::function<awaitable<void>()>& waiting);
    [[nodiscard]] awaitable<bool> is_asked_again(db::connection& session);
    [[nodiscard]] awaitable<projection_definition> read_directory() const;
    void must_be_usable(const projection_definition& fresh) const;

    projection_definition definition_;
    std::string position_name_;
    definition_reader read_;
    async::helper_thread& thread_;
    async::log& log_;
    std::set<std::int64_t> asked_before_; // when the files were read
    std::set<std::int64_t> tried_for_;    // when `begin` tried last
    std::string stopped_by_;
    std::vector<reached_position> stopped_at_;
};

} // namespace events
