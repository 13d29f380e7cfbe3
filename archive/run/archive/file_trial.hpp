// Whether `restore` could bring back all rows of a file that others wrote: asked before rows of ours go
// behind them, for a restore brings back the rows of a file together, or none.
// Tested by tests/integration/test_foreign_values.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"
#include "archive/stage/fingerprint_set.hpp"
#include "archive/table/row_batch.hpp"
#include "archive/table/row_taker.hpp"
#include "async/mutex.hpp"
#include "lake/content/content_check.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

class file_trial {
  public:
    // One for a transaction; `context` and `opened` must outlive it. It asks over the transaction's own
    // session: use that for nothing else meanwhile.
    file_trial(const async::asio::any_io_executor& executor, const run_context& context,
               const run_transaction& opened);

    // Reads the file, again if it has more keys than fit into an eighth of the memory. Throws
    // async::error(precondition) that names file, row and byte if the table would not take a row, if it would
    // write a row otherwise than the file has it, or if two rows have the same value of a unique index.
    // Several callers at once read one after another.
    [[nodiscard]] awaitable<void> must_be_restorable(const lake::listed_file& file);

  private:
    struct place {
        std::uint64_t row = 0; // the header is 1
        std::uint64_t byte = 0;
    };
    // A row of which another one may have the same value of a unique index.
    struct suspect {
        std::size_t index = 0;
        std::string value;
        place at;
    };

    [[nodiscard]] awaitable<void> judge(const lake::listed_file& file);
    [[nodiscard]] awaitable<void> ask(const lake::listed_file& file);
    using row_sink = std::function<void(std::string_view row, place at)>;
    // One pass over the file. Rows that `take` puts into the batch are asked about.
    [[nodiscard]] awaitable<void> read(const lake::listed_file& file, row_sink take);
    void note_unique(std::string_view row, place at);
    [[nodiscard]] std::optional<std::string> value_of(std::size_t index, std::string_view row);
    [[nodiscard]] awaitable<void> must_be_unique(const lake::listed_file& file);

    const run_context& context_;
    const run_transaction& opened_;
    row_taker taker_;
    async::mutex judging_;
    row_batch rows_;
    std::vector<place> places_;
    std::optional<fingerprint_set> seen_;
    std::vector<suspect> suspects_;
    std::vector<std::size_t> ends_;
    std::string storage_;
};

// The same for all files of the days that are due, of both kinds. Call it before the first row is read: rows
// may be deleted in the transaction's session while others are read. If the days are not known yet, it asks
// about the append blobs among `existing` only, before they are converted; staging asks about other files
// when it meets them.
[[nodiscard]] awaitable<void> judge_files_of_others(const run_context& context,
                                                    const archive_transaction& work,
                                                    const std::vector<const lake::listed_file*>& existing);

} // namespace archive
