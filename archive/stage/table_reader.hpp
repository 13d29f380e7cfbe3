// Reads the selected rows into staging, several connections at once, all on one exported snapshot: a day at a
// time by index, or the table once over ranges of its pages.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "archive/stage/reader_context.hpp"
#include "archive/stage/row_reader.hpp"
#include "archive/stage/staging.hpp"
#include "archive/stage/unsendable_row.hpp"
#include "db/connection.hpp"
#include "db/error.hpp"
#include "db/transaction.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace archive {

// The hint of errors that arise when sessions of one run do not see the same rows.
inline constexpr std::string_view one_view_hint =
    "Nothing was deleted. A client of the same pooler may have left a role or a setting behind on its"
    " connection (SET instead of SET LOCAL): give event-archiver a user and a pool of its own, and a policy"
    " that shows it all rows: CREATE POLICY … TO that user USING (true).";

class table_reader {
  public:
    table_reader(reader_context context, staging& target)
        : context_(std::move(context))
        , target_(target)
        , rows_(context_, target) {}
    table_reader(const table_reader&) = delete;
    table_reader& operator=(const table_reader&) = delete;

    // Every row of these days is staged when this returns. Throws async::error(integrity) if the server's
    // counts and ours disagree, row_not_sent for a row that the server cannot send, and whatever a reader or
    // an uploader fails with; then all of them have ended.
    [[nodiscard]] awaitable<void> read_days(std::vector<planned_day> days);
    // The same for page ranges. Rows that belong to no day are counted, not staged.
    [[nodiscard]] awaitable<void> read_ranges(std::vector<page_range> ranges);

    [[nodiscard]] std::uint64_t rows_dayless() const noexcept { return rows_.rows_dayless(); }

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

    reader_context context_;
    staging& target_;
    row_reader rows_;
    std::size_t next_ = 0;
    std::size_t lanes_ = 0;
    bool fewer_said_ = false;
};

} // namespace archive
