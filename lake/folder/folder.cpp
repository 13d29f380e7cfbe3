#include "lake/folder/folder.hpp"

#include "lake/conflict.hpp"
#include "lake/folder/side_copy.hpp"

#include <fmt/format.h>

#include <utility>

namespace lake {

folder::folder(azure::blob_client& client, std::string path, azure::directory_client* directories,
               std::string encryption_scope)
    : client_(client)
    , prefix_(path.empty() ? std::string() : std::move(path) + "/")
    , directories_(directories)
    , encryption_scope_(std::move(encryption_scope)) {}

std::string folder::name_of(const file_key& key) const {
    return prefix_ + key.which.file_name(key.compression);
}

// True if the folder is there now, as a directory.
awaitable<bool> folder::create_directory() {
    if (directories_ == nullptr || !directories_->available())
        co_return false;
    const auto hierarchical = co_await client_.hierarchical();
    if (!hierarchical.value_or(false))
        co_return false;
    try {
        co_await directories_->ensure(prefix_.substr(0, prefix_.size() - 1));
        co_return true;
    } catch (const azure::storage_error& failed) {
        // Accounts often have a private endpoint for blobs alone. Writing the marker then makes the folder,
        // or fails with the reason.
        client_.log().info("folder.marker", "the folder cannot be made as a directory: a marker is put there",
                           {{"error.message", failed.what()}});
    }
    co_return false;
}

awaitable<void> folder::create_folder() {
    if (co_await create_directory())
        co_return;
    // On a flat account a folder is only a name; the marker makes tools show it, and on a hierarchical one it
    // is the directory itself.
    const azure::metadata marker{{"hdi_isfolder", "true"}};
    for (auto slash = prefix_.find('/'); slash != std::string::npos; slash = prefix_.find('/', slash + 1))
        co_await client_.ensure_marker_blob(prefix_.substr(0, slash), marker, encryption_scope_);
}

awaitable<folder::looked> folder::find_blobs(const azure::blob_sink& take) {
    auto seen = looked::nothing_at_all;
    const azure::blob_sink note = [&seen, &take](azure::blob_properties blob) {
        seen = looked::something;
        take(std::move(blob));
    };
    std::string marker;
    do {
        azure::blob_page page;
        try {
            page = co_await client_.list(prefix_, marker, note);
        } catch (const azure::storage_error& failed) {
            if (failed.status() != 404)
                throw;
            co_return looked::no_container;
        }
        for (auto& inner : page.folders) {
            // A directory where a day's file should be: a file cannot be written there.
            inner.pop_back();
            azure::blob_properties directory;
            directory.name = std::move(inner);
            directory.directory = true;
            note(std::move(directory));
        }
        marker = std::move(page.next_marker);
    } while (!marker.empty());
    co_return seen;
}

awaitable<void> folder::find_or_make(const azure::blob_sink& take) {
    auto seen = co_await find_blobs(take);
    bool made = false;
    if (seen == looked::no_container) {
        made = co_await client_.ensure_container();
        seen = co_await find_blobs(take);
    }
    if (seen == looked::no_container && !made)
        throw async::error(
            async::failure::precondition,
            fmt::format("container '{}' is not there, and the SAS may not make it", client_.container()),
            "Create it once, with the account's key or a role: az storage container create.");
    if (seen == looked::no_container)
        throw async::error(
            async::failure::temporary,
            fmt::format("container '{}' was deleted as soon as it was made", client_.container()));
    // Only once: the code that makes the lock blob lists the folder again before anything is in it.
    if (seen == looked::nothing_at_all && !prefix_.empty() && !std::exchange(folder_made_, true))
        co_await create_folder();
}

awaitable<std::vector<azure::blob_properties>> folder::blobs(name_filter wanted) {
    std::vector<azure::blob_properties> kept;
    const azure::blob_sink take = [&](azure::blob_properties blob) {
        if (wanted(std::string_view(blob.name).substr(prefix_.size())))
            kept.push_back(std::move(blob));
    };
    co_await find_or_make(take);
    co_return kept;
}

awaitable<std::optional<std::vector<azure::blob_properties>>> folder::present_blobs(name_filter wanted) {
    std::vector<azure::blob_properties> kept;
    const azure::blob_sink take = [&](azure::blob_properties blob) {
        if (wanted(std::string_view(blob.name).substr(prefix_.size())))
            kept.push_back(std::move(blob));
    };
    const auto seen = co_await find_blobs(take);
    if (seen == looked::no_container)
        co_return std::nullopt;
    co_return kept;
}

// Blobs that cannot be ours are dropped.
void folder::sort_in(azure::blob_properties blob, folder_contents& into) {
    const auto name = std::string_view(blob.name).substr(prefix_.size());
    const auto key = key_of_file(name);
    if (blob.directory) {
        if (key)
            directories_found_.insert(*key);
    } else if (key) {
        into.days.add(*key, blob);
    } else if (const auto original = key_of_side_copy(name)) {
        into.copies.emplace(*original, listed_file{std::move(blob), {}});
    }
}

awaitable<std::vector<azure::blob_properties>> folder::bookkeeping() {
    std::vector<azure::blob_properties> found;
    const auto prefix = prefix_ + std::string(bookkeeping_folder);
    const azure::blob_sink keep = [&found](azure::blob_properties blob) { found.push_back(std::move(blob)); };
    std::string marker;
    do {
        azure::blob_page page;
        try {
            page = co_await client_.list(prefix, marker, keep);
        } catch (const azure::storage_error& failed) {
            if (failed.status() != 404)
                throw;
            co_return found;
        }
        marker = std::move(page.next_marker);
    } while (!marker.empty());
    co_return found;
}

awaitable<bool> folder::is_there() {
    const auto prefix = prefix_ + std::string(bookkeeping_folder);
    const azure::blob_sink pass = [](azure::blob_properties) {};
    constexpr std::string_view from_the_start;
    try {
        static_cast<void>(co_await client_.list(prefix, from_the_start, pass));
    } catch (const azure::storage_error& failed) {
        if (failed.status() != 404)
            throw;
        co_return false;
    }
    co_return true;
}

awaitable<void> folder::must_be_there() {
    const bool there = co_await is_there();
    if (!there)
        throw async::error(
            async::failure::precondition,
            fmt::format("there is no container '{}', and no archived day", client_.container()),
            "Check ARCHIVE_PATH; the first `event-archiver archive` creates it.");
}

awaitable<folder_contents> folder::contents() {
    folder_contents all;
    directories_found_.clear();
    const azure::blob_sink take = [&](azure::blob_properties blob) { sort_in(std::move(blob), all); };
    co_await find_or_make(take);
    co_return all;
}

awaitable<std::optional<file_map>> folder::present_files() {
    folder_contents all;
    directories_found_.clear();
    const azure::blob_sink take = [&](azure::blob_properties blob) { sort_in(std::move(blob), all); };
    const auto seen = co_await find_blobs(take);
    if (seen == looked::no_container)
        co_return std::nullopt;
    all.days.merge(all.copies);
    co_return std::move(all.days);
}

awaitable<azure::content_headers> folder::content_of(azure::blob_properties file) {
    auto content = std::move(file.content);
    if (file.tag_count > 0)
        content.tags = co_await client_.tags(file.name);
    co_return content;
}

awaitable<void> folder::must_take(const azure::tag_set& tags) {
    if (tags.empty())
        co_return;
    const auto hierarchical = co_await client_.hierarchical();
    if (hierarchical.value_or(false))
        throw async::error(async::failure::precondition,
                           "the account has a hierarchical namespace, which takes no blob index tags",
                           "Leave ARCHIVE_TAGS out, or archive into an account with a flat namespace.");
}

awaitable<std::optional<listed_file>> folder::look(std::string name) {
    auto properties = co_await client_.properties(name);
    if (!properties)
        co_return std::nullopt;
    auto mark = mark_from(properties->metadata);
    co_return listed_file{std::move(*properties), std::move(mark)};
}

awaitable<void> folder::read_range(std::string name, azure::etag version, std::uint64_t from,
                                   std::optional<std::uint64_t> to, azure::body_sink sink) {
    try {
        co_await client_.read(name, version, from, to, std::move(sink));
    } catch (const azure::storage_error& failed) {
        if (failed.status() == 412 || failed.status() == 404)
            throw conflict(fmt::format("'{}' was changed by somebody else while it was read", name));
        throw;
    } catch (const csv::row_too_large& row) {
        throw row_refused(name, from, row);
    }
}

awaitable<std::optional<azure::block_list>> folder::committed_blocks(std::string_view name) {
    return client_.committed_blocks(name);
}

awaitable<void> folder::put_block(std::string_view name, std::string_view block_id,
                                  std::span<const std::span<const std::byte>> body, std::uint64_t crc,
                                  std::string_view encryption_scope) {
    return client_.put_block(name, block_id, body, crc, encryption_scope);
}

awaitable<azure::written> folder::put_block_list(std::string_view name, std::span<const std::string> ids,
                                                 const azure::content_headers& content,
                                                 const azure::metadata& values,
                                                 const azure::condition& when) {
    return client_.put_block_list(name, ids, content, values, when);
}

awaitable<azure::written> folder::set_metadata(std::string_view name, const azure::metadata& values,
                                               const azure::condition& when) {
    return client_.set_metadata(name, values, when);
}

awaitable<void> folder::remove(std::string_view name, const azure::condition& when) {
    return client_.remove(name, when);
}

} // namespace lake
