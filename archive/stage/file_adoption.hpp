// Makes a file that is there already ready to be appended to: takes what its mark says of it, or reads it
// once where no mark vouches for all of it, and decides whether the table may have rows of it.
// Tested by tests/integration/test_foreign_files.py.
#pragma once

#include "archive/stage/block_queue.hpp"
#include "archive/stage/day_file.hpp"
#include "archive/stage/staging_tools.hpp"
#include "lake/content/content_check.hpp"
#include "lake/folder/listed_file.hpp"
#include "lake/folder/treatment.hpp"
#include "lake/mark/mark.hpp"

#include <vector>

namespace archive {

class file_adoption {
  public:
    // `before`: the file as it is listed. All must outlive it.
    file_adoption(staging_tools& tools, block_queue& queue, day_file& file, const lake::listed_file& before)
        : tools_(tools)
        , queue_(queue)
        , file_(file)
        , before_(before) {}

    // Throws async::error(precondition) for a file that is refused, async::error(integrity) for one that does
    // not hold what was recorded, and lake::conflict for one that was changed since it was listed.
    [[nodiscard]] awaitable<void> run();

  private:
    [[nodiscard]] lake::block_facts facts_of(std::vector<azure::block> committed) const;
    [[nodiscard]] awaitable<void> take_over();
    [[nodiscard]] awaitable<void> take_mark();
    [[nodiscard]] awaitable<void> expect_restored_rows();
    void tell(bool vouched_for) const;
    [[nodiscard]] awaitable<void> read_whole();
    void take_content(const lake::content_check& seen, lake::file_record record);
    void take_restaged(lake::file_record& record, bool changed);

    // How the file is read.
    struct reading {
        bool restage = false;       // stage its bytes again as blocks
        bool compact = false;       // although it has blocks: they are too many
        bool remember_rows = false; // the table may still have them
        bool rewritten = false;     // it has other blocks than its mark knows
    };

    staging_tools& tools_;
    block_queue& queue_;
    day_file& file_;
    const lake::listed_file& before_;
    reading how_;
};

} // namespace archive
