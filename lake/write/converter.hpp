// Makes an append blob a block blob of the same bytes, metadata and content headers. No single request can do
// that, so the bytes stand in a side copy meanwhile: docs/protocol.md, "Append blobs", says of each step what
// happens if the process dies there.
// Tested by tests/unit/lake/write/converter_test.cpp and tests/integration/test_foreign_files.py.
#pragma once

#include "async/log.hpp"
#include "async/page_pool.hpp"
#include "async/retry.hpp"
#include "lake/content/row_judge.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/folder/side_copy.hpp"
#include "lake/write/conditional_write.hpp"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace lake {

class converter {
  public:
    // All references must outlive the converter. `new_nonce`: at least 56 hex digits, never the same.
    converter(file_store& files, async::retry_context& retries, async::page_pool& pages, async::log& log,
              std::string run, std::function<std::string()> new_nonce)
        : files_(files)
        , retries_(retries)
        , pages_(pages)
        , log_(log)
        , run_(std::move(run))
        , new_nonce_(std::move(new_nonce)) {}

    // Converts the file. `expected`: what its rows must be; null if they may be any. Throws
    // async::error(precondition) if rows cannot be appended to its content; nothing has been changed then.
    // Throws conflict if somebody else wrote to it. Keeps a mark that describes the content, and one that
    // says that the table may have its rows.
    [[nodiscard]] awaitable<void> convert(const listed_file& file, const expected_file* expected);
    // Finishes a conversion that an earlier run began with `copy`. `original`: as it is listed; null if it is
    // not there. Throws async::error(precondition) that names both if somebody created the file again
    // meanwhile.
    [[nodiscard]] awaitable<void> settle(const listed_file& copy, const listed_file* original);

  private:
    // Which blob has the content, and under which ETag.
    struct standing {
        std::string name; // of the file
        std::string copy_name;
        azure::etag copy;
        side_copy_mark mark;
        azure::content_headers content;
        azure::metadata metadata; // of others
    };

    [[nodiscard]] awaitable<void> make_copy(const listed_file& file, const expected_file* expected,
                                            standing& made);
    [[nodiscard]] awaitable<void> prove_copy(const standing& made);
    [[nodiscard]] awaitable<void> remove_original(const standing& made);
    [[nodiscard]] awaitable<void> rebuild(const standing& made);
    [[nodiscard]] awaitable<void> remove_copy(const standing& made);

    [[nodiscard]] awaitable<azure::etag> commit_new(std::string doing, std::string name,
                                                    const std::vector<std::string>& ids,
                                                    const azure::content_headers& content,
                                                    const azure::metadata& values);
    [[nodiscard]] awaitable<void> remove(std::string doing, std::string name, azure::etag expected);
    [[nodiscard]] awaitable<original_state> compare(const standing& made, const listed_file& original);

    file_store& files_;
    async::retry_context& retries_;
    async::page_pool& pages_;
    async::log& log_;
    std::string run_;
    std::function<std::string()> new_nonce_;
};

} // namespace lake
