// The writes that make a day file's tail visible, take it away again, or make it final.
#pragma once

#include "archive/stage/day_file.hpp"
#include "async/retry.hpp"
#include "db/position.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/placement.hpp"
#include "lake/write/pending_file.hpp"

#include <span>
#include <string>

namespace archive {

using async::awaitable;

// The run that publishes, and what it writes into the marks.
struct publication {
    std::string table; // as table_in_mark writes it
    std::string run;
    std::string transaction; // pg_current_xact_id()
    db::server_position position;
    std::uint64_t header_crc = 0;
    std::uint64_t types = 0;    // as table_description has it
    std::string time_column;    // plain
    std::string cutoff;         // rows before it are archived: a day that ends before it is over
    std::uint64_t identity = 0; // as table_description has it
    bool dry_run = false;
    bool hides_rows = false; // the table may have rows of the file that the run does not see
};

// What a new file, or one that had `before`, is published with. Only a file whose day is over is put into the
// tier: it will hardly be written to again. Others stay where they are.
[[nodiscard]] azure::content_headers content_to_publish(const lake::file_key& key,
                                                        const std::optional<azure::content_headers>& before,
                                                        std::string_view cutoff,
                                                        const lake::placement& where);

class publisher {
  public:
    // `again`: for files with a base, which may have to be staged again when their tail is taken back. It
    // must outlive the publisher.
    publisher(lake::file_store& files, async::retry_context& retries, const lake::placement& where,
              const lake::rebuilding* again = nullptr)
        : files_(files)
        , retries_(retries)
        , tails_(files, retries, again)
        , placement_(where) {}

    // Put Block List: the old blocks and the staged ones, pending on the transaction. Where the file had all
    // of the rows already, Set Blob Metadata: it is pending with an empty tail. Throws conflict if somebody
    // else wrote meanwhile: the rows that are about to be deleted must be in the file as it was read.
    [[nodiscard]] awaitable<void> publish(day_file& file, const publication& author);
    // Makes a published tail final. A failure is harmless, for the next run repeats it; but
    // async::error(integrity) says that the file is gone or was replaced: its rows were deleted from the
    // table and are in no file.
    [[nodiscard]] awaitable<void> finalise(day_file& file);
    // Takes away what `publish` did, or may have done. Only once the transaction is certainly not committed.
    // Throws async::error(integrity) if the file that was there before is gone, and pending_changed if
    // somebody else has written to it and kept the mark: nothing is written over.
    [[nodiscard]] awaitable<void> put_back(day_file& file);

    // The writes that end a tail, of a day file or of one found pending.
    [[nodiscard]] lake::pending_files& tails() noexcept { return tails_; }

  private:
    using observed = lake::conditional_write::observed;

    [[nodiscard]] awaitable<void> publish_word(day_file& file, const publication& author);

    lake::file_store& files_;
    async::retry_context& retries_;
    lake::pending_files tails_;
    const lake::placement& placement_;
};

} // namespace archive
