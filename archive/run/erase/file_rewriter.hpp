// Writes a day's file again without the rows that match: one block list, under the ETag that was read.
// Tested by tests/fault/test_erase_killed.py.
#pragma once

#include "archive/run/erase/file_judge.hpp"
#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"
#include "db/position.hpp"
#include "lake/mark/mark.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

// The mark of a file from which rows were erased. `left`: bytes, uncompressed, rows, blocks, crc and ids of
// what it holds now, and the row that it keeps as evidence. If the history of the server lacks the file's
// last write, the table may have its rows too: the file counts as restored from now on. Pure.
[[nodiscard]] lake::file_mark mark_after_erasing(const lake::file_mark& before, const lake::file_record& left,
                                                 const db::transaction_mark& author);

// A row as evidence; nothing if the columns lack the key, or if it is too long for a mark. Pure.
[[nodiscard]] std::optional<lake::sampled_row>
sample_of(const table_description& table, const std::vector<std::string>& columns, std::string_view row);
// True if the row has the key of the sample. Pure.
[[nodiscard]] bool is_sampled(const lake::sampled_row& sample, const std::vector<std::string>& columns,
                              std::string_view row);

struct rewritten_file {
    judged_file read; // as it was
    lake::file_mark mark;
    azure::etag etag;
};

class file_rewriter {
  public:
    // All must outlive it.
    file_rewriter(const run_context& context, const table_description& table, file_judge& judge)
        : context_(context)
        , table_(table)
        , judge_(judge) {}

    // The rows that stay are staged while the file is read, and become the file in one request. `file` has
    // our mark, which describes it. Throws conflict if somebody else has written to it.
    [[nodiscard]] awaitable<rewritten_file> rewrite(lake::listed_file file, db::transaction_mark author);

  private:
    [[nodiscard]] awaitable<std::size_t> id_length(const lake::listed_file& file);
    [[nodiscard]] awaitable<azure::etag> commit(const lake::listed_file& file,
                                                const std::vector<std::string>& ids,
                                                const azure::content_headers& content,
                                                const lake::file_mark& mark);

    const run_context& context_;
    const table_description& table_;
    file_judge& judge_;
};

} // namespace archive
