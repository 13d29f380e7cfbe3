// Finds the row that the server cannot send, once a COPY has failed of one: a damaged value, text that is not
// of the database's encoding, a value that is longer as text than the server can make.
// Tested by tests/fault/test_unsendable_rows.py.
#pragma once

#include "archive/table/table.hpp"
#include "async/error.hpp"
#include "db/connection.hpp"
#include "db/error.hpp"
#include "lake/day.hpp"

#include <optional>
#include <string>
#include <utility>

namespace archive {

// Where it is, and nothing of what it holds.
struct unsendable_row {
    std::string relation; // the table or the partition, as SQL writes it
    std::string ctid;     // "(12,3)"
    std::optional<lake::day> which;
    std::string column; // quoted; empty: each of its values can be sent, and all of them together cannot
};

// True for an error that a single row may cause and that another connection would meet again.
[[nodiscard]] bool may_be_a_row(const db::error& failed) noexcept;

// `session` is in a transaction that sees the rows. Of the rows that meet `where`, the first in the heap that
// cannot be sent. Halves the pages until one is left: rows that can be sent are sent twice at most, and rows
// that cannot are tried some twenty times. nullopt if no single row fails, or if the pages themselves cannot
// be read.
[[nodiscard]] awaitable<std::optional<unsendable_row>>
find_unsendable_row(db::connection& session, const table_description& table, std::string where);

// "day 2024-02-29, ctid (12,3) of public."Event", column payload"
[[nodiscard]] std::string describe(const unsendable_row& row);

// The error that ends the run. `--commit day` leaves the row's day alone and goes on with the others.
class row_not_sent : public async::error {
  public:
    row_not_sent(async::error said, std::optional<lake::day> which)
        : async::error(std::move(said))
        , which_(which) {}

    [[nodiscard]] std::optional<lake::day> which() const noexcept { return which_; }

  private:
    std::optional<lake::day> which_;
};

// `place`: what was read, where the row itself was not found: "day 2024-02-29".
[[nodiscard]] row_not_sent not_sent(const db::error& failed, const table_description& table,
                                    const std::optional<unsendable_row>& row, const std::string& place,
                                    std::optional<lake::day> which);

} // namespace archive
