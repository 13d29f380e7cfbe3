// The folder of day files, as commands see it.
// Tested by tests/integration/test_placement.py.
#pragma once

#include "azure/blob/blob_client.hpp"
#include "azure/blob/directory.hpp"
#include "lake/day.hpp"
#include "lake/folder/file_map.hpp"
#include "lake/folder/file_store.hpp"
#include "lake/folder/row_limit.hpp"
#include "lake/folder/treatment.hpp"

#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace lake {

// The folder has the lock and the ledger, and nothing else of ours.
inline constexpr std::string_view bookkeeping_folder = ".event-archiver/";

struct folder_contents {
    file_map days;
    file_map copies; // of files whose conversion was interrupted: see side_copy.hpp
};

class folder final : public file_store {
  public:
    // `path`: "" or "some/folder". `client` and `directories`, which makes the folder on an account that has
    // real folders, must outlive this. `encryption_scope`: of the folder's marker.
    folder(azure::blob_client& client, std::string path, azure::directory_client* directories = nullptr,
           std::string encryption_scope = {});
    // `memory`: ARCHIVE_MEMORY, in bytes. A row in a file of others may be as long.
    void bound_rows(std::uint64_t memory) noexcept { row_memory_ = memory; }
    [[nodiscard]] std::uint64_t row_limit(const listed_file& file) const noexcept override {
        return lake::row_limit(file, row_memory_);
    }

    // Whether there is a container. Creates none.
    [[nodiscard]] awaitable<bool> is_there();
    // Throws async::error(precondition) if there is no container.
    [[nodiscard]] awaitable<void> must_be_there();
    // Creates the container and the folder if they are missing.
    [[nodiscard]] awaitable<folder_contents> contents();
    // The file of each day, for readers; the copy of a file that is missing because its conversion was
    // interrupted. Creates nothing. nullopt if there is no container.
    [[nodiscard]] awaitable<std::optional<file_map>> present_files();
    // The blobs of the folder itself whose names in it are `wanted`; the others are dropped as they come. The
    // first creates what is missing, the second does not.
    using name_filter = std::function<bool(std::string_view)>;
    [[nodiscard]] awaitable<std::vector<azure::blob_properties>> blobs(name_filter wanted);
    [[nodiscard]] awaitable<std::optional<std::vector<azure::blob_properties>>>
    present_blobs(name_filter wanted);
    [[nodiscard]] bool is_directory(const file_key& key) const override {
        return directories_found_.contains(key);
    }
    // Throws async::error(precondition) where these index tags cannot be given: an account with a
    // hierarchical namespace has none. Costs a request, once, if there are any.
    [[nodiscard]] awaitable<void> must_take(const azure::tag_set& tags);
    [[nodiscard]] std::string name_of(const file_key& key) const override;
    [[nodiscard]] place where() const override { return {client_.account_name(), client_.container()}; }
    // The blobs of the lock and of the ledger that exist.
    [[nodiscard]] awaitable<std::vector<azure::blob_properties>> bookkeeping();
    [[nodiscard]] const std::string& encryption_scope() const noexcept { return encryption_scope_; }
    [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; } // "" or "some/folder/"
    [[nodiscard]] azure::blob_client& client() noexcept { return client_; }

    // As file_store has them.
    [[nodiscard]] awaitable<std::optional<listed_file>> look(std::string name) override;
    [[nodiscard]] awaitable<void> read_range(std::string name, azure::etag version, std::uint64_t from,
                                             std::optional<std::uint64_t> to, azure::body_sink sink) override;
    [[nodiscard]] awaitable<azure::content_headers> content_of(azure::blob_properties file) override;
    [[nodiscard]] awaitable<std::optional<azure::block_list>>
    committed_blocks(std::string_view name) override;
    [[nodiscard]] awaitable<void> put_block(std::string_view name, std::string_view block_id,
                                            std::span<const std::span<const std::byte>> body,
                                            std::uint64_t crc, std::string_view encryption_scope) override;
    [[nodiscard]] awaitable<azure::written> put_block_list(std::string_view name,
                                                           std::span<const std::string> ids,
                                                           const azure::content_headers& content,
                                                           const azure::metadata& values,
                                                           const azure::condition& when) override;
    [[nodiscard]] awaitable<azure::written> set_metadata(std::string_view name, const azure::metadata& values,
                                                         const azure::condition& when) override;
    [[nodiscard]] awaitable<void> remove(std::string_view name, const azure::condition& when) override;

  private:
    // Each blob of the folder itself, one after the other: a page of the listing is not kept as a whole.
    enum class looked : std::uint8_t { no_container, nothing_at_all, something };
    [[nodiscard]] awaitable<looked> find_blobs(const azure::blob_sink& take);
    // The same, where the container and the folder are made if they are missing.
    [[nodiscard]] awaitable<void> find_or_make(const azure::blob_sink& take);
    void sort_in(azure::blob_properties blob, folder_contents& into);
    [[nodiscard]] awaitable<void> create_folder();
    [[nodiscard]] awaitable<bool> create_directory();

    azure::blob_client& client_;
    std::string prefix_; // "" or "some/folder/"
    azure::directory_client* directories_;
    std::string encryption_scope_;
    std::uint64_t row_memory_ = std::uint64_t{32} << 20;
    std::set<file_key> directories_found_;
    bool folder_made_ = false;
};

} // namespace lake
