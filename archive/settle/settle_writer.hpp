// Writes what was decided of pending files: the ledger is told first, then each file is written to.
#pragma once

#include "archive/settle/decisions.hpp"
#include "archive/settle/restore_publisher.hpp"
#include "archive/table/table.hpp"
#include "db/position.hpp"
#include "lake/file_store.hpp"
#include "lake/ledger.hpp"
#include "lake/pending_file.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace archive {

struct decided_file {
    const lake::listed_file* file; // with a mark
    settle_decision decision;      // one that can be carried out
    bool doubtful;                 // the server does not say plainly that its transaction was aborted
};

// What comes before the first write.
struct settle_steps {
    std::function<awaitable<void>()> ready_to_write; // of the folder's lease
    std::function<awaitable<void>(std::vector<lake::ledger_entry>)> record;
};

class settle_writer {
  public:
    // All must outlive it.
    settle_writer(lake::file_store& files, lake::pending_files& tails, restore_publisher& restores,
                  settle_steps steps, std::size_t parallel)
        : files_(files)
        , tails_(tails)
        , restores_(restores)
        , steps_(std::move(steps))
        , parallel_(parallel) {}

    // A file that somebody else has changed holds up none of the others: async::error(integrity) is thrown
    // once they are settled, and the ledger is not told of the one. `position`: of this server.
    [[nodiscard]] awaitable<void> write(std::vector<decided_file> decided, const table_description& table,
                                        const db::server_position& position);

  private:
    [[nodiscard]] awaitable<void> carry_out(const decided_file& each, const table_description& table);
    [[nodiscard]] awaitable<void> remove_or_empty(const lake::listed_file& file,
                                                  const table_description& table);

    lake::file_store& files_;
    lake::pending_files& tails_;
    restore_publisher& restores_;
    settle_steps steps_;
    std::size_t parallel_;
};

} // namespace archive
