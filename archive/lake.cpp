#include "archive/lake.hpp"

#include "archive/conflict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace archive {

file_key lake_file::key() const {
    const auto slash = properties.name.rfind('/'); // npos + 1 is 0
    const auto key = key_of_file(std::string_view(properties.name).substr(slash + 1));
    if (!key)
        throw async::error(async::failure::internal, "not the name of a day file");
    return *key;
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

awaitable<std::optional<std::vector<azure::blob_properties>>> lake::present_blobs() {
    std::vector<azure::blob_properties> blobs;
    std::string marker;
    do {
        azure::blob_page page;
        try {
            page = co_await client_.list(prefix_, marker);
        } catch (const azure::storage_error& failed) {
            if (failed.status() != 404)
                throw;
            co_return std::nullopt;
        }
        std::ranges::move(page.blobs, std::back_inserter(blobs));
        marker = std::move(page.next_marker);
    } while (!marker.empty());
    co_return blobs;
}

file_map lake::day_files_among(std::vector<azure::blob_properties> blobs) const {
    file_map files;
    for (auto& blob : blobs) {
        const auto key = key_of_file(std::string_view(blob.name).substr(prefix_.size()));
        if (!key)
            continue;
        auto mark = mark_from(blob.metadata);
        files.insert_or_assign(*key, lake_file{std::move(blob), std::move(mark)});
    }
    return files;
}

awaitable<std::vector<azure::blob_properties>> lake::blobs() {
    auto blobs = co_await present_blobs();
    if (!blobs) {
        co_await client_.ensure_container();
        blobs = co_await present_blobs();
    }
    if (!blobs)
        throw async::error(
            async::failure::temporary,
            fmt::format("container '{}' was deleted as soon as it was made", client_.container()));
    if (blobs->empty() && !prefix_.empty())
        co_await create_folder();
    co_return std::move(*blobs);
}

awaitable<file_map> lake::day_files() {
    auto blobs_there = co_await blobs();
    co_return day_files_among(std::move(blobs_there));
}

awaitable<std::optional<file_map>> lake::present_files() {
    auto blobs = co_await present_blobs();
    if (!blobs)
        co_return std::nullopt;
    co_return day_files_among(std::move(*blobs));
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
