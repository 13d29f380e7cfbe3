// A file in the making in the lake: staged blocks, which a block list makes visible. Private to this room.
#pragma once

#include "archive/conditional_write.hpp"
#include "archive/lake.hpp"
#include "archive/pending_file.hpp"
#include "archive/placement.hpp"
#include "async/retry.hpp"
#include "azure/block_id.hpp"
#include "db/position.hpp"
#include "exports/sink.hpp"

#include <string>
#include <vector>

namespace exports {

// Nobody has settled it since.
[[nodiscard]] bool pending_on(const archive::lake_file& file, const db::transaction_mark& by);

class lake_draft : public draft {
  public:
    // What is referred to must outlive the draft.
    lake_draft(archive::lake& folder, archive::pending_files& pending, const archive::placement& where,
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
    [[nodiscard]] awaitable<void> finalise() override;
    [[nodiscard]] awaitable<whereabouts> look() override;
    [[nodiscard]] awaitable<void> take_back() override;
    [[nodiscard]] std::string name() const override { return name_; }

  private:
    using observed = archive::conditional_write::observed;
    [[nodiscard]] awaitable<observed> see();

    archive::lake& lake_;
    archive::pending_files& pending_;
    const archive::placement& placement_;
    async::retry_context& retries_;
    std::string name_;
    std::string blob_; // with the folder
    azure::block_ids ids_;
    std::size_t memory_bytes_;
    std::size_t parallel_;
    std::vector<std::string> staged_;
    db::transaction_mark by_;
    archive::file_mark mark_;
    azure::etag etag_;
    bool tried_ = false; // the block list may have been committed
};

} // namespace exports
