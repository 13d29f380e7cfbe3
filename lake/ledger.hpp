// A record, apart from the files themselves, of what should be in the folder: a line for each change of a
// file that became final, in an append blob for each month. docs/protocol.md, "The ledger".
#pragma once

#include "async/log.hpp"
#include "lake/folder_owner.hpp"
#include "lake/ledger_state.hpp"

#include <string>
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
    // All months from `since` on, "2026-01"; by default all. Empty where an older version wrote the folder. A
    // line about a day stands in that day's month or in a later one. Of earlier months only what tells of
    // restored files.
    [[nodiscard]] awaitable<ledger_state> read(std::string since = {});

  private:
    [[nodiscard]] awaitable<void> append_text(std::string name, std::string text);

    lake::folder& lake_;
    std::string written_; // the blob that `etag_` is of
    azure::etag etag_;
};

} // namespace lake
