#include "archive/lake.hpp"

#include "archive/conflict.hpp"

#include <fmt/format.h>

namespace archive {

bool lake_file::compressed() const noexcept {
    const auto slash = properties.name.rfind('/');
    const auto key = key_of_file(std::string_view(properties.name).substr(slash + 1));
    return key && key->compression == compression::gzip;
}

lake::lake(azure::blob_client& client, std::string folder)
    : client_(client)
    , prefix_(folder.empty() ? std::string() : std::move(folder) + "/") {}

std::string lake::name_of(const file_key& key) const {
    return prefix_ + key.which.file_name(key.compression);
}

awaitable<void> lake::create_folder() {
    // On a flat account a folder is only a name; the marker makes tools show it, and on a hierarchical one it
    // is the directory itself.
    const azure::metadata marker{{"hdi_isfolder", "true"}};
    for (auto slash = prefix_.find('/'); slash != std::string::npos; slash = prefix_.find('/', slash + 1))
        co_await client_.ensure_marker_blob(prefix_.substr(0, slash), marker);
}

awaitable<file_map> lake::day_files() {
    file_map files;
    std::string marker;
    bool empty = true;
    bool container_known = false;
    do {
        azure::blob_page page;
        bool missing = false;
        try {
            page = co_await client_.list(prefix_, marker);
        } catch (const azure::storage_error& failed) {
            if (failed.status() != 404 || container_known)
                throw;
            missing = true;
        }
        if (missing) {
            co_await client_.ensure_container();
            container_known = true;
            continue;
        }
        for (auto& blob : page.blobs) {
            empty = false;
            const auto key = key_of_file(std::string_view(blob.name).substr(prefix_.size()));
            if (!key)
                continue;
            auto mark = mark_from(blob.metadata);
            files.insert_or_assign(*key, lake_file{std::move(blob), std::move(mark)});
        }
        marker = std::move(page.next_marker);
        container_known = true;
    } while (!container_known || !marker.empty());
    if (empty && !prefix_.empty())
        co_await create_folder();
    co_return files;
}

awaitable<std::optional<lake_file>> lake::look(std::string name) {
    auto properties = co_await client_.properties(name);
    if (!properties)
        co_return std::nullopt;
    auto mark = mark_from(properties->metadata);
    co_return lake_file{std::move(*properties), std::move(mark)};
}

awaitable<void> lake::read(std::string name, azure::etag version, std::uint64_t from, azure::body_sink sink) {
    try {
        co_await client_.read(name, version, from, std::nullopt, std::move(sink));
    } catch (const azure::storage_error& failed) {
        if (failed.status() == 412 || failed.status() == 404)
            throw conflict(fmt::format("'{}' was changed by somebody else while it was read", name));
        throw;
    }
}

} // namespace archive
