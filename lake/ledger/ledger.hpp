// A record, apart from the files themselves, of what should be in the folder: a line for each change of a
// file that became final, in an append blob for each month, and in further ones once it is full.
// docs/protocol.md, "The ledger".
#pragma once

#include "async/log.hpp"
#include "lake/lease/folder_owner.hpp"
#include "lake/ledger/ledger_state.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lake {

class ledger {
  public:
    explicit ledger(lake::folder& folder)
        : lake_(folder) {}

    // Appends the entries in requests of at most 4 MiB. After an unclear answer a line may be there twice.
    [[nodiscard]] awaitable<void> append(std::vector<ledger_entry> entries);
    // The same for rows that are committed. If the service will never take it (an account without append
    // blobs, a policy), warns and returns false. Throws an error if another try may help: the marks then have
    // to stay.
    awaitable<bool> record(std::vector<ledger_entry> entries, async::log& log);
    // Tells what types a mark's checksum is of, before the mark is written. Another writer's equal line does
    // no harm. False, with a warning, where the service will never take it.
    awaitable<bool> record(noted_types types, async::log& log);
    // All months from `since` on, "2026-01"; by default all. Empty where an older version wrote the folder. A
    // line about a day stands in that day's month or in a later one. Of earlier months only what tells of
    // restored files and of types.
    [[nodiscard]] awaitable<ledger_state> read(std::string since = {});

  private:
    [[nodiscard]] std::string time_of_service() const;
    // The month's blobs begin with this name.
    [[nodiscard]] std::string month_at(std::string_view time) const;
    [[nodiscard]] awaitable<void> append_lines(std::string month, std::vector<std::string> lines);
    [[nodiscard]] awaitable<void> append_text(std::string month, std::string text);

    lake::folder& lake_;
    std::string written_; // the blob that `etag_` is of
    azure::etag etag_;
    std::map<std::string, int, std::less<>> full_; // how many blobs of a month take no more
};

} // namespace lake
