// The folder of day files as the job sees it.
#pragma once

#include "archive/day.hpp"
#include "archive/mark.hpp"
#include "azure/blob_client.hpp"

#include <map>
#include <span>
#include <string>

namespace archive {

using async::awaitable;

// Bytes of a body as text.
[[nodiscard]] inline std::string_view text_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct lake_file {
    azure::blob_properties properties;
    read_mark mark;

    [[nodiscard]] bool compressed() const noexcept;
};

using file_map = std::map<file_key, lake_file>;

class lake {
  public:
    // `folder`: "" or "some/folder". `client` must outlive the lake.
    lake(azure::blob_client& client, std::string folder);

    // Every day file of the folder. Creates the container and the folder if they are missing.
    [[nodiscard]] awaitable<file_map> day_files();
    // One file as it is now; nothing if there is none.
    [[nodiscard]] awaitable<std::optional<lake_file>> look(std::string name);

    // Streams bytes [from, end) of exactly this version of a file. Throws conflict if it is no longer there.
    [[nodiscard]] awaitable<void> read(std::string name, azure::etag version, std::uint64_t from,
                                       azure::body_sink sink);

    [[nodiscard]] std::string name_of(const file_key& key) const;
    [[nodiscard]] azure::blob_client& client() noexcept { return client_; }

  private:
    [[nodiscard]] awaitable<void> create_folder();

    azure::blob_client& client_;
    std::string prefix_; // "" or "some/folder/"
};

} // namespace archive
