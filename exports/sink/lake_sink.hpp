// Exported files in a folder of the lake. A block list is what makes a file visible; it is committed before
// the transaction, with the archive's mark in the blob's metadata, and conditional on there being no such
// blob.
// Tested by tests/fault/test_exports.py.
#pragma once

#include "async/retry.hpp"
#include "exports/sink/sink.hpp"
#include "lake/folder/folder.hpp"
#include "lake/placement.hpp"
#include "lake/write/pending_file.hpp"

#include <cstddef>

namespace exports {

class lake_sink : public sink {
  public:
    // Sizes blocks so that `parallel` drafts fit into the memory. All references must outlive the sink and
    // its drafts.
    lake_sink(lake::folder& folder, const lake::placement& where, async::retry_context& retries,
              std::size_t memory_bytes, std::size_t parallel, std::string run_id);

    [[nodiscard]] awaitable<std::unique_ptr<draft>> begin(file_name first, std::string nonce) override;
    [[nodiscard]] awaitable<std::vector<stored_file>> files(std::string task) override;
    [[nodiscard]] awaitable<std::optional<stored_file>> find(std::string name) override;
    [[nodiscard]] awaitable<void> read(stored_file file, std::uint64_t begin, std::uint64_t end,
                                       byte_sink to) override;
    [[nodiscard]] awaitable<std::vector<unsettled_file>> unsettled() override;
    [[nodiscard]] awaitable<std::optional<stored_file>> file_of(unsettled_file file) override;
    [[nodiscard]] awaitable<bool> in_use(unsettled_file) override { co_return false; } // the lease is ours
    [[nodiscard]] awaitable<bool> keep(unsettled_file file) override;
    [[nodiscard]] awaitable<void> forget(unsettled_file file) override;
    [[nodiscard]] awaitable<void> remove(unsettled_file file) override;
    [[nodiscard]] lake::folder_lease* lease() noexcept override { return &lease_; }
    [[nodiscard]] awaitable<std::string> obstacle() override;
    [[nodiscard]] const std::string& place() const noexcept override { return place_; }

  private:
    lake::folder& lake_;
    const lake::placement& placement_;
    lake::pending_files pending_;
    lake::folder_lease lease_;
    async::retry_context& retries_;
    std::size_t memory_bytes_;
    std::size_t parallel_;
    std::string place_;
};

} // namespace exports
