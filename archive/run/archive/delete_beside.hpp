// Deletes days in the coordinator's session while others are still read. Its DELETEs see the snapshot that
// the readers share. Readers do not see what they delete.
// Tested by tests/fault/test_delete_beside.py.
#pragma once

#include "archive/run/archive/deletion_order.hpp"
#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"
#include "async/condition.hpp"
#include "lake/day.hpp"

#include <cstdint>
#include <optional>
#include <set>

namespace archive {

// Chooses how this transaction deletes. Its files are prepared by then: their marks count.
[[nodiscard]] awaitable<deletion_order> find_deletion_order(const run_context& context,
                                                            const archive_transaction& work);

class delete_beside {
  public:
    // All must outlive it. The session is not used by others between `begin` and the end of `run`.
    delete_beside(const async::asio::any_io_executor& executor, const run_context& context,
                  archive_transaction& work)
        : context_(context)
        , work_(work)
        , changed_(executor) {}

    // Before the first reader.
    [[nodiscard]] awaitable<void> begin();
    // The rows of this day are staged, and their numbers agree.
    void day_is_read(lake::day which);
    // All days are read: the run's phase is deleting from now on.
    void reading_ended();
    // Deletes days as they are read, until all days of the plan are deleted. Throws async::error(integrity)
    // if the server deletes another number of rows than were staged.
    [[nodiscard]] awaitable<void> run();

  private:
    [[nodiscard]] awaitable<void> delete_days(day_span days);
    void note_time();
    [[nodiscard]] std::uint64_t rows_staged(const day_span& days) const;

    const run_context& context_;
    archive_transaction& work_;
    async::condition changed_;
    std::set<lake::day> read_;                           // days that are not deleted yet
    std::optional<run_report::clock::time_point> began_; // the running DELETE, while days are still read
    bool reading_ = true;
};

} // namespace archive
