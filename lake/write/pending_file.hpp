// A file whose tail counts only if a transaction commits: the writes that make it final, or remove it.
#pragma once

#include "async/page_pool.hpp"
#include "async/retry.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/write/conditional_write.hpp"
#include "lake/write/pending_content.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace lake {

// True if the tail is pending on this transaction.
[[nodiscard]] bool pending_on(const listed_file& file, std::string_view transaction);

// What staging bytes again needs. `new_nonce`: at least 56 hex digits, never the same.
struct rebuilding {
    async::page_pool& pages;
    std::function<std::string()> new_nonce;
};

class pending_files {
  public:
    using observed = conditional_write::observed;

    // All must outlive it. `again`: for files with a base, which may have to be staged again when their tail
    // is taken back.
    pending_files(lake::file_store& files, async::retry_context& retries, const rebuilding* again = nullptr)
        : files_(files)
        , retries_(retries)
        , rebuilding_(again) {}

    // Three ways to end a file that was found pending. A failure of `keep` is harmless, because the next run
    // repeats it; but async::error(integrity) says that the file is gone or was replaced: its rows were
    // deleted from the table and are in no file. Call the other two only once the transaction is certainly
    // not committed. They throw the same if the file that was there before is gone, and pending_changed if
    // somebody else has written to it and kept the mark: they overwrite nothing.
    [[nodiscard]] awaitable<void> keep(const listed_file& file);
    [[nodiscard]] awaitable<void> take_back(const listed_file& file);
    [[nodiscard]] awaitable<void> remove(const listed_file& file);

    // The same writes for a file that is known by its name, and by the ETag and the mark that it was
    // published with.
    [[nodiscard]] awaitable<void> restore_mark(std::string name, azure::etag expected, azure::metadata values,
                                               file_mark published);
    [[nodiscard]] awaitable<void> restore_base(std::string name, azure::etag expected,
                                               std::vector<std::string> ids, azure::content_headers content,
                                               azure::metadata values, file_mark published);
    [[nodiscard]] awaitable<void> remove_pending(std::string name, azure::etag expected, file_mark published);

    // After COMMIT: done if the mark is off *and* the rows are there. Throws async::error(integrity) if they
    // are not.
    [[nodiscard]] awaitable<observed> see_committed(std::string name, azure::etag expected,
                                                    file_mark published);

  private:
    [[nodiscard]] awaitable<observed> see_taken_back(std::string name, azure::etag expected,
                                                     file_mark published);
    [[nodiscard]] awaitable<bool> begins_with(const listed_file& file, const file_record& content);
    [[nodiscard]] awaitable<std::vector<std::string>> stage_base(const listed_file& file,
                                                                 const pending_blocks& blocks);

    lake::file_store& files_;
    async::retry_context& retries_;
    const rebuilding* rebuilding_;
};

} // namespace lake
