// Finds files that the ledger lists and that are missing or an earlier version. A run that wrote to such a
// day would make the ledger forget the file, and nothing would show the loss.
// Tested by tests/fault/test_missing_files.py.
#pragma once

#include "async/asio.hpp"
#include "async/error.hpp"
#include "async/log.hpp"
#include "lake/day_range.hpp"
#include "lake/file_map.hpp"
#include "lake/ledger.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace archive {

using async::awaitable;

// The error for the first file of these days that is missing or an earlier version; nullopt if there is none.
// Pure.
[[nodiscard]] std::optional<async::error> lost_file(const lake::ledger_state& known,
                                                    const lake::file_map& files, const lake::day_range& days);

// For one run: the ledger is read once.
class known_files {
  public:
    known_files(lake::ledger& ledger, async::log& log)
        : ledger_(ledger)
        , log_(log) {}

    // Throws async::error(integrity) that names the first such file of these days. If this run has looked at
    // the day before, it warns instead: the file went meanwhile.
    [[nodiscard]] awaitable<void> must_be_there(const lake::file_map& files, std::vector<lake::day> days);

  private:
    lake::ledger& ledger_;
    async::log& log_;
    std::optional<lake::ledger_state> known_;
    std::string since_; // `known_` is from this month on: "2024-02"
    std::set<lake::day> checked_;
};

} // namespace archive
