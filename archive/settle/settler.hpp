// Decides the fate of every tail that an earlier run left pending, from what PostgreSQL says of its
// transaction and, if that says nothing, from the tail's own rows.
// Tested by tests/unit/archive/settle/settler_test.cpp and tests/fault/test_settling.py.
#pragma once

#include "archive/settle/decisions.hpp"
#include "archive/settle/look_at_rows.hpp"
#include "archive/settle/restore_publisher.hpp"
#include "archive/settle/settle_writer.hpp"
#include "archive/settle/verdict.hpp"
#include "archive/table/table.hpp"
#include "async/error.hpp"
#include "async/log.hpp"
#include "db/connection.hpp"
#include "db/fate.hpp"
#include "db/position.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/ledger/ledger_state.hpp"
#include "lake/write/pending_file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace archive {

struct settling {
    std::uint64_t settled = 0; // files that were written to
    bool waiting = false;      // a transaction is still in progress: look again later, with a new snapshot
};

// A transaction of this server whose snapshot is younger than any finished transaction of interest.
struct settle_place {
    db::connection& session;
    const table_description& table;
    const db::server_position& position;
};

class settler {
  public:
    using ledger_reader = std::function<awaitable<lake::ledger_state>()>;

    // All must outlive it. `ledger`: awaited if a file is pending.
    settler(lake::file_store& files, lake::pending_files& tails, restore_publisher& restores, async::log& log,
            std::size_t parallel, settle_steps steps, ledger_reader ledger);

    // Throws async::error(integrity) for a mark that is not this database's and for a tail whose rows are
    // partly in the table.
    [[nodiscard]] awaitable<settling> settle(const settle_place& at, const lake::file_map& files);
    // Throws async::error(precondition) if the file is neither pending nor restored, or if a restored file is
    // to be kept although the table has rows of it; async::error(locked) if its transaction is running;
    // async::error(integrity) if it would discard rows that the table lacks, or bytes that the mark does not
    // know.
    [[nodiscard]] awaitable<void> settle_by_verdict(const settle_place& at, const lake::listed_file& file,
                                                    verdict decision);

  private:
    struct evidence {
        std::map<std::string, db::fate> fates;
        std::map<const lake::listed_file*, sample_seen> samples; // of pending tails
        std::set<const lake::listed_file*> doubtful; // the server does not say plainly that it was aborted
        bool hidden = false;                         // row security may hide rows of the table
        std::vector<async::error> gone; // the refusals of files none of whose rows is in the table
    };

    // `refuse_gone` is noted in `known`, and every other refusal thrown.
    [[nodiscard]] awaitable<settle_decision> decide(const settle_place& at, const lake::listed_file& file,
                                                    evidence& known);
    // What is known of the file without a look at its rows.
    [[nodiscard]] awaitable<settle_facts> facts_of(const settle_place& at, const lake::listed_file& file,
                                                   evidence& known);
    // Looks at its rows, and adds to `facts` what it finds.
    [[nodiscard]] awaitable<rows_of_file> look(const settle_place& at, const lake::listed_file& file,
                                               const evidence& known, settle_facts& facts);
    [[nodiscard]] awaitable<evidence> gather(const settle_place& at, const lake::file_map& files);

    // Throws async::error(integrity) for a pending file that is an earlier version, as the ledger knows: to
    // take back its tail would say that it never had the rows that came later.
    [[nodiscard]] awaitable<void> must_be_latest(std::vector<const lake::listed_file*> pending);

    lake::file_store& files_;
    ledger_reader ledger_;
    async::log& log_;
    settle_writer writer_;
};

} // namespace archive
