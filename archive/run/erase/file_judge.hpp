// Reads a day's file row by row, and has PostgreSQL say which rows match.
// Tested by tests/integration/test_erase.py.
#pragma once

#include "archive/run/erase/erasure.hpp"
#include "archive/run/run_context.hpp"
#include "archive/stage/known_content.hpp"
#include "archive/table/named_table.hpp"
#include "archive/table/row_filter.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

// Rows as the file has them, and the numbers of those that match, in order.
struct judged_rows {
    const row_batch& rows;
    const std::vector<std::size_t>& matching;
};

// The callbacks of the reader of a file. Either may be empty.
struct judged_sink {
    std::function<awaitable<void>(std::string_view line)> header; // with its newline, if it has one
    std::function<awaitable<void>(judged_rows)> rows;
};

struct judged_file {
    file_content content;
    std::uint64_t matching = 0;
    std::vector<std::string> columns; // plain names; none: the file has no header
    bool begins_as_recorded = true;
};

class file_judge {
  public:
    // All must outlive it. The condition is judged over the types of `table`.
    file_judge(const run_context& context, row_filter& filter, named_table table)
        : context_(context)
        , filter_(filter)
        , table_(std::move(table)) {}

    // See row_filter::know.
    void know(const lake::types_texts& texts) { filter_.know(texts); }

    // Holds a few MiB at most, and a row. Throws async::error: integrity if the file is no CSV, or is not
    // what its mark says; conflict if it is another version by now.
    // `recorded`: what the file should begin with; null: it is not known.
    [[nodiscard]] awaitable<judged_file> read(lake::listed_file file, judged_sink sink,
                                              const lake::file_record* recorded = nullptr);

  private:
    [[nodiscard]] awaitable<void> hand_over(const lake::listed_file& file, const judged_sink& sink);
    void take_line(std::string_view line);

    const run_context& context_;
    row_filter& filter_;
    named_table table_;
    std::string described_;   // the header that PostgreSQL knows the columns of
    std::string header_;      // of the file at hand, as it stands there
    bool header_due_ = false; // it was read, and not yet handed over
    std::uint64_t lines_ = 0;
    row_batch rows_;  // as they stand in the file
    row_batch asked_; // the same as COPY ends them
    judged_file seen_;
    std::optional<known_content> known_; // of a file that others may have written again
};

} // namespace archive
