// The folder of day files as the job sees it.
#pragma once

#include "archive/day.hpp"
#include "archive/mark.hpp"
#include "azure/blob_client.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace archive {

using async::awaitable;

// Bytes of a body as text.
[[nodiscard]] inline std::string_view text_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct lake_file {
    azure::blob_properties properties;
    read_mark mark;

    [[nodiscard]] file_key key() const; // of its name
    [[nodiscard]] bool compressed() const { return key().compression == compression::gzip; }
};

using file_map = std::map<file_key, lake_file>;

class lake {
  public:
    // `folder`: "" or "some/folder". `client` must outlive the lake.
    lake(azure::blob_client& client, std::string folder);

    // Every day file of the folder. Creates the container and the folder if they are missing.
    [[nodiscard]] awaitable<file_map> day_files();
    // The same for who only looks: creates nothing. Nothing if there is no container.
    [[nodiscard]] awaitable<std::optional<file_map>> present_files();
    // The same of whatever lies in the folder.
    [[nodiscard]] awaitable<std::vector<azure::blob_properties>> blobs();
    [[nodiscard]] awaitable<std::optional<std::vector<azure::blob_properties>>> present_blobs();
    // One file as it is now; nothing if there is none.
    [[nodiscard]] awaitable<std::optional<lake_file>> look(std::string name);

    // Streams bytes [from, end) of exactly this version of a file. Throws conflict if it is no longer there.
    [[nodiscard]] awaitable<void> read(std::string name, azure::etag version, std::uint64_t from,
                                       azure::body_sink sink);

    [[nodiscard]] std::string name_of(const file_key& key) const;
    [[nodiscard]] const std::string& prefix() const noexcept { return prefix_; } // "" or "some/folder/"
    [[nodiscard]] azure::blob_client& client() noexcept { return client_; }

  private:
    [[nodiscard]] file_map day_files_among(std::vector<azure::blob_properties> blobs) const;
    [[nodiscard]] awaitable<void> create_folder();

    azure::blob_client& client_;
    std::string prefix_; // "" or "some/folder/"
};

} // namespace archive
