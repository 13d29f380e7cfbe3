// Reads the selected rows into staging, several connections at once, all on one exported snapshot: a day at a
// time by index, or the table once over ranges of its pages.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "archive/report.hpp"
#include "archive/stage/rate_limit.hpp"
#include "archive/stage/staging.hpp"
#include "archive/stage/unsendable_row.hpp"
#include "archive/table/selection.hpp"
#include "archive/table/table.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "db/connection.hpp"
#include "db/position.hpp"
#include "db/transaction.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace archive {

struct reader_context {
    const db::connect_options& database;
    async::helper_thread& helper;
    async::log& log;
    run_report& report;
    const table_description& table;
    const selection& rows;
    std::string snapshot; // of pg_export_snapshot(), held open by the coordinator
    std::size_t parallel;
    std::chrono::milliseconds lock_timeout;
    rate_limit& limit;
    const db::server_position& server; // of the coordinator
    bool policies_apply = false;       // row security, for the coordinator
    // Called when a day that is read by itself is staged or recognised and its numbers of rows agree; may be
    // empty.
    std::function<void(lake::day)> day_is_read{};
};

// The hint where sessions of one run do not see the same rows.
inline constexpr std::string_view one_view_hint =
    "Nothing was deleted. A client of the same pooler may have left a role or a setting behind on its"
    " connection (SET instead of SET LOCAL): give event-archiver a user and a pool of its own, and a policy"
    " that shows it all rows: CREATE POLICY … TO that user USING (true).";

class table_reader {
  public:
    table_reader(reader_context context, staging& target)
        : context_(std::move(context))
        , target_(target) {}

    // Every row of these days is staged when this returns. Throws async::error(integrity) if the server's
    // counts and ours disagree, row_not_sent for a row that the server cannot send, and whatever a reader or
    // an uploader fails with; then all of them have ended.
    [[nodiscard]] awaitable<void> read_days(std::vector<planned_day> days);
    // The same for page ranges. Rows that belong to no day are counted, not staged.
    [[nodiscard]] awaitable<void> read_ranges(std::vector<page_range> ranges);

    [[nodiscard]] std::uint64_t rows_dayless() const noexcept { return rows_dayless_; }

  private:
    // Pieces of work, by index.
    struct pieces {
        std::size_t count = 0;
        // On a connection inside the snapshot.
        std::function<awaitable<void>(db::connection&, std::size_t)> read;
        std::function<std::string(std::size_t)> where; // its rows, as SQL
        std::function<std::optional<lake::day>(std::size_t)> which;
        std::function<std::string(std::size_t)> place; // for a message, where its reading has failed
    };

    [[nodiscard]] awaitable<void> run(const pieces& all);
    [[nodiscard]] awaitable<void> lane(const pieces& all);
    void tell_fewer_lanes(const db::error& why);
    [[nodiscard]] awaitable<void> work(db::connection& session, const pieces& all);
    [[nodiscard]] db::transaction_options in_snapshot() const;
    [[nodiscard]] awaitable<std::optional<unsendable_row>> find_row(db::connection& session,
                                                                    std::string where);
    // Throws async::error(integrity) if row security applies to this session and not to the coordinator's, or
    // the other way round.
    [[nodiscard]] awaitable<void> must_see_as_coordinator(db::connection& session) const;
    [[nodiscard]] awaitable<void> read_day(db::connection& session, const planned_day& planned);
    [[nodiscard]] awaitable<void> look_for_late(db::connection& session, const planned_day& planned,
                                                day_file& file);
    [[nodiscard]] awaitable<bool> recognise_day(db::connection& session, const planned_day& planned,
                                                day_file& file);
    [[nodiscard]] awaitable<void> read_range(db::connection& session, const page_range& pages,
                                             std::optional<lake::day>& last);

    reader_context context_;
    staging& target_;
    std::size_t next_ = 0;
    std::size_t lanes_ = 0;
    std::uint64_t rows_dayless_ = 0;
    bool fewer_said_ = false;
};

} // namespace archive
