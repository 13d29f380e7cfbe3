// The files of a transaction that archives: published before COMMIT, and finished or put back after it.
// Tested by tests/unit/archive/run/archive/tail_files_test.cpp.
#pragma once

#include "archive/report.hpp"
#include "archive/settle/publisher.hpp"
#include "async/deadline.hpp"
#include "async/log.hpp"
#include "async/stop.hpp"
#include "lake/ledger/ledger.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

namespace archive {

// What is done before a write.
struct tail_steps {
    std::function<void()> must_be_held; // throws once the folder's lease is lost
    std::function<awaitable<bool>(std::vector<lake::ledger_entry>)> record; // in the ledger
};

// All must outlive the files' publication.
struct tail_context {
    archive::publisher& publisher;
    async::log& log;
    async::stop_source& stop;
    run_report& report;
    std::size_t parallel; // files at the same time
};

class tail_files {
  public:
    // `files` have something to publish.
    tail_files(std::vector<day_file*> files, tail_context context, tail_steps steps)
        : files_(std::move(files))
        , context_(context)
        , steps_(std::move(steps)) {}

    // Shows the rows of all files, pending on the transaction of `author`. If one fails, no other request is
    // sent, and those that were sent are awaited.
    [[nodiscard]] awaitable<void> publish(const publication& author);
    // Takes back what `publish` did or may have done. Only once the transaction is certainly not committed.
    // Logs what it cannot take back: the next run does it. Throws async::error(integrity) if another program
    // has deleted or replaced a file, after the others are put back.
    [[nodiscard]] awaitable<void> put_back(async::deadline deadline);
    // Once the transaction is committed: writes the ledger, then clears the marks. Logs what fails: the next
    // run does it. Throws async::error(integrity) for a file with rows that is gone, after the others are
    // finished.
    [[nodiscard]] awaitable<void> finalise();

    [[nodiscard]] const std::vector<day_file*>& all() const noexcept { return files_; }
    // Files whose marks say that they wait for the transaction.
    [[nodiscard]] std::uint64_t pending() const noexcept;

  private:
    [[nodiscard]] awaitable<void> publish_one(day_file& file, const publication& author);
    [[nodiscard]] awaitable<void> put_back_one(day_file& file);
    [[nodiscard]] awaitable<void> finalise_one(day_file& file);
    void note_lost(day_file& file);

    std::vector<day_file*> files_;
    tail_context context_;
    tail_steps steps_;
    bool publishing_failed_ = false;
    std::exception_ptr gone_; // a file that another program deleted or replaced meanwhile
    std::exception_ptr left_; // a file whose mark was not cleared, because somebody else had written to it
};

} // namespace archive
