#include "azure/blob/blob_client.hpp"

#include "azure/blob/crc64.hpp"
#include "azure/blob/impl/blob_answers.hpp"
#include "azure/blob/impl/border.hpp"
#include "azure/blob/xml.hpp"

#include <fmt/format.h>

namespace azure {

using async::awaitable;

namespace {

constexpr std::string_view page_size_max = "5000"; // the most the service gives in one answer

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

written what_was_written(const http::wire_response& answer) {
    return {std::string(answer.header("etag")), std::string(answer.header("x-ms-request-id"))};
}

} // namespace

// Get Container Properties, and Create Container only if need be: a SAS made for one container may do
// neither.
awaitable<bool> blob_client::ensure_container() {
    const auto looking = fmt::format("get properties of container '{}'", container_);
    const auto creating = fmt::format("create container '{}'", container_);
    try {
        (void)co_await send(looking, container_request(verb::head));
        co_return false;
    } catch (const storage_error& failed) {
        // Such a SAS gets 403 here and works well on the blobs; if it is simply wrong, the next request says
        // so.
        if (failed.status() == 403 && std::holds_alternative<shared_access_signature>(account_.credential))
            co_return false;
        if (failed.status() != 404)
            throw;
    }
    try {
        (void)co_await send(creating, container_request(verb::put));
        co_return true;
    } catch (const storage_error& failed) {
        if (failed.status() == 404)
            throw storage_error(
                async::failure::precondition,
                fmt::format("there is no storage account '{}' at '{}'", account_.name, account_.blob.host),
                failed.status(), failed.service_code(), failed.request_id(), failed.client_request_id(),
                "Check the account's name and the endpoint.");
        if (failed.status() != 409 || failed.service_code() != "ContainerAlreadyExists")
            throw;
    }
    co_return false; // someone else was faster, or an answer to our first try was lost
}

// Get Container Properties
awaitable<std::optional<container_properties>> blob_client::look_at_container() {
    const auto doing = fmt::format("get properties of container '{}'", container_);
    const auto request = container_request(verb::head);
    std::optional<container_properties> found;
    try {
        const auto answer = co_await send(doing, request);
        found = container_properties_of(answer);
    } catch (const storage_error& failed) {
        // A SAS or a role for the blobs alone hears 403.
        if (failed.status() != 404 && failed.status() != 403)
            throw;
    }
    co_return found;
}

// List Blobs
awaitable<blob_page> blob_client::list(std::string_view prefix, std::string_view marker,
                                       const blob_sink& take) {
    const auto doing = prefix.empty() ? fmt::format("list the blobs of container '{}'", container_)
                                      : fmt::format("list blobs '{}' in container '{}'", prefix, container_);
    auto request = container_request(verb::get);
    request.query.emplace_back("comp", "list");
    request.query.emplace_back("delimiter", "/");
    request.query.emplace_back("include", "metadata");
    request.query.emplace_back("maxresults", page_size_max);
    if (!prefix.empty())
        request.query.emplace_back("prefix", prefix);
    if (!marker.empty())
        request.query.emplace_back("marker", marker);
    const auto answer = co_await send(doing, request);
    auto found = at_border(doing, [&] { return parse_listing(answer.body, take); });
    blob_page page;
    page.folders = std::move(found.folders);
    page.next_marker = std::move(found.next_marker);
    co_return page;
}

// Get Blob Properties
awaitable<std::optional<blob_properties>> blob_client::properties(std::string_view name) {
    const auto doing = fmt::format("get properties of blob '{}'", name);
    const auto request = blob_request(verb::head, name);
    const auto answer = co_await send_if_found(doing, request);
    std::optional<blob_properties> found;
    if (answer)
        found = at_border(doing, [&] { return properties_of(name, *answer); });
    co_return found;
}

// Get Block List
awaitable<std::optional<block_list>> blob_client::committed_blocks(std::string_view name) {
    const auto doing = fmt::format("get block list of blob '{}'", name);
    auto request = blob_request(verb::get, name);
    request.query.emplace_back("comp", "blocklist");
    request.query.emplace_back("blocklisttype", "committed");
    const auto answer = co_await send_if_found(doing, request);
    std::optional<block_list> found;
    // A blob that has staged blocks only does not exist yet, and has no ETag.
    if (answer && !answer->header("etag").empty()) {
        found.emplace();
        found->committed = at_border(doing, [&] { return parse_committed_blocks(answer->body); });
        found->etag = answer->header("etag");
    }
    co_return found;
}

// Get Blob Tags
awaitable<tag_set> blob_client::tags(std::string_view name) {
    const auto doing = fmt::format("get tags of blob '{}'", name);
    auto request = blob_request(verb::get, name);
    request.query.emplace_back("comp", "tags");
    const auto answer = co_await send(doing, request);
    auto found = at_border(doing, [&] { return parse_tags(answer.body); });
    co_return found;
}

// Put Block. The same id with the same bytes again replaces itself, so it may be repeated.
awaitable<void> blob_client::put_block(std::string_view name, std::string_view block_id,
                                       std::span<const std::span<const std::byte>> body, std::uint64_t crc,
                                       std::string_view encryption_scope) {
    const auto doing = fmt::format("put block of blob '{}'", name);
    auto request = blob_request(verb::put, name);
    request.query.emplace_back("comp", "block");
    request.query.emplace_back("blockid", block_id);
    request.headers["x-ms-content-crc64"] = crc64_header(crc);
    if (!encryption_scope.empty())
        request.headers["x-ms-encryption-scope"] = encryption_scope;
    request.body.assign(body.begin(), body.end());
    (void)co_await send(doing, request);
}

// Put Block List
awaitable<written> blob_client::put_block_list(std::string_view name, std::span<const std::string> ids,
                                               const content_headers& content, const metadata& values,
                                               const condition& when) {
    const auto doing = fmt::format("put block list of blob '{}'", name);
    const auto document = block_list_document(ids);
    auto request = blob_request(verb::put, name);
    request.query.emplace_back("comp", "blocklist");
    request.headers["content-type"] = "application/xml";
    // The checksum is of the document: a damaged list must not become a file.
    request.headers["x-ms-content-crc64"] = crc64_header(crc64(0, bytes_of(document)));
    set_content(request, content);
    set_metadata_at_border(doing, request, values);
    set_condition(request, when);
    request.body.push_back(bytes_of(document));
    const auto answer = co_await publish(doing, request);
    co_return what_was_written(answer);
}

// Set Blob Metadata
awaitable<written> blob_client::set_metadata(std::string_view name, const metadata& values,
                                             const condition& when) {
    const auto doing = fmt::format("set metadata of blob '{}'", name);
    auto request = blob_request(verb::put, name);
    request.query.emplace_back("comp", "metadata");
    set_metadata_at_border(doing, request, values);
    set_condition(request, when);
    const auto answer = co_await publish(doing, request);
    co_return what_was_written(answer);
}

// Delete Blob
awaitable<void> blob_client::remove(std::string_view name, const condition& when) {
    const auto doing = fmt::format("delete blob '{}'", name);
    auto request = blob_request(verb::del, name);
    set_condition(request, when);
    (void)co_await publish(doing, request);
}

} // namespace azure
