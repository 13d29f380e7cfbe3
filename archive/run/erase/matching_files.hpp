// The files of days that have rows which match, and what `erase` needs to write them again.
// Tested by tests/integration/test_erase.py and tests/fault/test_erase_killed.py.
#pragma once

#include "archive/run/erase/erasure.hpp"
#include "archive/run/erase/file_judge.hpp"
#include "archive/run/file_check.hpp"
#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"

#include <map>
#include <optional>
#include <vector>

namespace archive {

// A file with rows that match.
struct found_file {
    const lake::listed_file* file;
    judged_file seen;
};

// One for a run: it remembers which files have no row that matches.
class matching_files {
  public:
    // All must outlive it.
    matching_files(const run_context& context, run_tools& tools, const erase_request& request,
                   erasure& result)
        : context_(context)
        , tools_(tools)
        , request_(request)
        , result_(result)
        , check_(context) {}

    // Reads the files of the days that are asked for. Throws async::error(integrity) for a file that is
    // missing or differs from the ledger: its rows may match.
    [[nodiscard]] awaitable<std::vector<found_file>> find(const run_transaction& opened, file_judge& judge);
    // Throws async::error that names a file which others wrote or which cannot be written to.
    [[nodiscard]] awaitable<void> must_be_erasable(const std::vector<found_file>& found);
    // Makes block blobs of the append blobs among them, to which no block list can be written. True if there
    // was one: the folder is no longer as it was listed.
    [[nodiscard]] awaitable<bool> convert(const run_transaction& opened,
                                          const std::vector<found_file>& found);

    // Before the first row is deleted: tells the ledger of files that it knew as lost.
    [[nodiscard]] awaitable<void> record_found_again();
    // Writes the ledger's lines that an earlier erase did not write: it died after it wrote the file.
    [[nodiscard]] awaitable<void> record_unrecorded();

  private:
    [[nodiscard]] awaitable<std::vector<lake::file_key>> choose(const run_transaction& opened);
    [[nodiscard]] std::optional<lake::ledger_entry> known_of(const lake::listed_file& file) const;

    const run_context& context_;
    run_tools& tools_;
    const erase_request& request_;
    erasure& result_;
    file_check check_;
    std::map<lake::file_key, azure::etag> clean_; // files without a row that matches
    std::vector<lake::ledger_entry> found_again_; // of files that were lost and are there
    lake::ledger_state known_;                    // as it was read last
    std::vector<lake::ledger_entry> unrecorded_;  // of files that the ledger knows by an earlier write
};

} // namespace archive
