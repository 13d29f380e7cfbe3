// A file being written to the lake: staged blocks, which a block list makes visible. Private to this room.
// Tested by tests/fault/test_exports.py.
#pragma once

#include "async/retry.hpp"
#include "azure/blob/block_id.hpp"
#include "db/position.hpp"
#include "exports/sink/sink.hpp"
#include "lake/folder/folder.hpp"
#include "lake/placement.hpp"
#include "lake/write/conditional_write.hpp"
#include "lake/write/pending_file.hpp"

#include <string>
#include <vector>

namespace exports {

// True if no other run has settled it since.
[[nodiscard]] bool pending_on(const lake::listed_file& file, const db::transaction_mark& author);

class lake_draft : public draft {
  public:
    // What is referred to must outlive the draft.
    lake_draft(lake::folder& folder, lake::pending_files& pending, const lake::placement& where,
               async::retry_context& retries, std::string name, const std::string& nonce,
               std::size_t memory_bytes, std::size_t parallel)
        : lake_(folder)
        , pending_(pending)
        , placement_(where)
        , retries_(retries)
        , name_(std::move(name))
        , blob_(lake_.prefix() + name_)
        , ids_(nonce)
        , memory_bytes_(memory_bytes)
        , parallel_(parallel) {}

    [[nodiscard]] std::size_t block_size() const override;
    [[nodiscard]] awaitable<void> write(std::vector<std::byte> bytes) override;
    [[nodiscard]] awaitable<void> finish() override { co_return; }
    [[nodiscard]] awaitable<void> prepare(file_mark mark) override;
    [[nodiscard]] awaitable<void> must_stand() override { co_return; } // it was published just now
    [[nodiscard]] awaitable<void> finalise() override;
    [[nodiscard]] awaitable<whereabouts> look() override;
    [[nodiscard]] awaitable<void> take_back() override;
    [[nodiscard]] std::string name() const override { return name_; }

  private:
    using observed = lake::conditional_write::observed;
    [[nodiscard]] awaitable<observed> see();

    lake::folder& lake_;
    lake::pending_files& pending_;
    const lake::placement& placement_;
    async::retry_context& retries_;
    std::string name_;
    std::string blob_; // with the folder
    azure::block_ids ids_;
    std::size_t memory_bytes_;
    std::size_t parallel_;
    std::vector<std::string> staged_;
    db::transaction_mark author_;
    lake::file_mark mark_;
    azure::etag etag_;
    bool tried_ = false; // the block list may have been committed
};

} // namespace exports
