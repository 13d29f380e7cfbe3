// Carries out the decisions about pending files: writes the ledger first, then each file.
#pragma once

#include "archive/settle/decisions.hpp"
#include "archive/settle/restore_publisher.hpp"
#include "archive/table/table.hpp"
#include "db/position.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/ledger/ledger.hpp"
#include "lake/write/pending_file.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace archive {

struct decided_file {
    const lake::listed_file* file; // with a mark
    settle_decision decision;      // not a refusal, and not `wait`
    bool doubtful;                 // the server does not say plainly that its transaction was aborted
};

// What is done before the first write.
struct settle_steps {
    std::function<awaitable<void>()> ready_to_write; // of the folder's lease
    std::function<awaitable<bool>(std::vector<lake::ledger_entry>)> record;
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

    // A file that somebody else has changed does not keep the others from being settled:
    // async::error(integrity) is thrown after that, and the ledger gets no line about that file. `position`:
    // of this server.
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
