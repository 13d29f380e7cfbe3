// The writes of a restore in place. They mark that a file's rows are being moved back into the table, then
// that they are there, or take the mark back. The content stays. docs/protocol.md, "Moving days back".
#pragma once

#include "archive/table/table.hpp"
#include "async/retry.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/write/conditional_write.hpp"

#include <functional>
#include <string>

namespace archive {

class restore_publisher {
  public:
    // `new_nonce`: at least 56 hex digits, never the same.
    restore_publisher(lake::file_store& files, async::retry_context& retries,
                      std::function<std::string()> new_nonce)
        : files_(files)
        , retries_(retries)
        , new_nonce_(std::move(new_nonce)) {}

    // Throws async::error(precondition) for a block blob whose content cannot be replaced by a block list.
    [[nodiscard]] awaitable<void> must_be_emptiable(const lake::listed_file& file);
    // Set Blob Metadata: `mark.restoring` names the transaction. The content stays.
    [[nodiscard]] awaitable<azure::etag> announce(const lake::listed_file& file, const lake::file_mark& mark);
    // Set Blob Metadata: the table may have its rows as well, from now on. `file` as it is with its
    // announcement.
    [[nodiscard]] awaitable<void> mark_restored(const lake::listed_file& file);
    // Set Blob Metadata: `mark`, which is that of before. Only once the transaction is certainly not
    // committed, or has left no row. `file` as it is with its announcement.
    [[nodiscard]] awaitable<void> withdraw(const lake::listed_file& file, lake::file_mark mark);
    // Set Blob Metadata on a restored file: no row of it is in the table any more.
    [[nodiscard]] awaitable<void> archive_again(const lake::listed_file& file);
    // Put Block List: the header line alone. A person has said that the table's rows count.
    [[nodiscard]] awaitable<void> empty(const lake::listed_file& file, const table_description& table);

  private:
    [[nodiscard]] awaitable<void> set_mark(const lake::listed_file& file, const lake::file_mark& mark,
                                           std::string_view doing);
    [[nodiscard]] awaitable<std::string> next_block_id(const lake::listed_file& file);

    lake::file_store& files_;
    async::retry_context& retries_;
    std::function<std::string()> new_nonce_;
};

// A file's content after a restore: the header line, compressed where the file is.
[[nodiscard]] std::string empty_content(const table_description& table, bool compressed);

} // namespace archive
