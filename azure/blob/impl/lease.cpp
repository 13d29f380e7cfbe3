// blob_client: leases, and blobs that only grow.
// Tested by tests/unit/azure/blob/azurite_test.cpp and tests/fault/test_lease.py.
#include "azure/blob/blob_client.hpp"
#include "azure/blob/crc64.hpp"
#include "azure/blob/impl/border.hpp"

#include <fmt/format.h>

#include <array>

namespace azure {

using async::awaitable;

namespace {

// https://learn.microsoft.com/rest/api/storageservices/lease-blob#outcomes-of-lease-operations-on-blobs-by-lease-state
std::optional<lease_outcome> outcome_of(const storage_error& failed) {
    if (failed.status() == 404)
        return lease_outcome::absent;
    if (failed.status() == 412 && failed.condition_failed())
        return lease_outcome::changed;
    if ((failed.status() != 409 && failed.status() != 412) || !failed.service_code().starts_with("Lease"))
        return std::nullopt;
    const auto& code = failed.service_code();
    return code == "LeaseIsBrokenAndCannotBeRenewed" || code == "LeaseNotPresentWithLeaseOperation"
               ? lease_outcome::broken
               : lease_outcome::taken;
}

} // namespace

// Lease Blob. Repeated freely: the id makes a second try the same as the first.
awaitable<lease_outcome> blob_client::lease(lease_request asked) {
    static constexpr std::array<std::string_view, 3> words{"acquire", "renew", "release"};
    const auto word = words.at(static_cast<std::size_t>(asked.action));
    const auto doing = fmt::format("{} the lease of blob '{}'", word, asked.blob);
    auto sent = blob_request(verb::put, asked.blob);
    sent.query.emplace_back("comp", "lease");
    sent.headers["x-ms-lease-action"] = word;
    if (asked.action == lease_action::acquire) {
        sent.headers["x-ms-lease-duration"] = std::to_string(asked.duration.count());
        sent.headers["x-ms-proposed-lease-id"] = asked.id;
    } else {
        sent.headers["x-ms-lease-id"] = asked.id;
    }
    set_condition(sent, asked.when);
    try {
        (void)co_await send(doing, sent);
        co_return lease_outcome::held;
    } catch (const storage_error& failed) {
        if (const auto known = outcome_of(failed))
            co_return *known;
        throw;
    }
}

// Put Blob
awaitable<written> blob_client::put_empty_blob(std::string_view name, const metadata& values,
                                               const condition& when, std::string_view lease,
                                               std::string_view encryption_scope) {
    const auto doing = fmt::format("put blob '{}'", name);
    auto request = blob_request(verb::put, name);
    request.headers["x-ms-blob-type"] = "BlockBlob";
    if (!encryption_scope.empty())
        request.headers["x-ms-encryption-scope"] = encryption_scope;
    if (!lease.empty())
        request.headers["x-ms-lease-id"] = lease;
    set_metadata_at_border(doing, request, values);
    set_condition(request, when);
    const auto answer = co_await publish(doing, request);
    co_return written{std::string(answer.header("etag")), std::string(answer.header("x-ms-request-id"))};
}

// Put Blob of an empty append blob, If-None-Match: *
awaitable<void> blob_client::ensure_append_blob(std::string_view name, std::string_view encryption_scope) {
    const auto doing = fmt::format("create append blob '{}'", name);
    auto request = blob_request(verb::put, name);
    request.headers["x-ms-blob-type"] = "AppendBlob";
    request.headers["x-ms-blob-content-type"] = "application/x-ndjson";
    if (!encryption_scope.empty())
        request.headers["x-ms-encryption-scope"] = encryption_scope;
    set_condition(request, condition::absent());
    try {
        (void)co_await send(doing, request);
    } catch (const storage_error& failed) {
        if (!failed.condition_failed() && failed.service_code() != "UnauthorizedBlobOverwrite")
            throw;
    }
}

// Append Block
awaitable<etag> blob_client::append_block(std::string_view name, std::string_view text, const condition& when,
                                          std::string_view encryption_scope) {
    const auto doing = fmt::format("append to blob '{}'", name);
    const auto bytes = std::as_bytes(std::span<const char>(text.data(), text.size()));
    auto request = blob_request(verb::put, name);
    request.query.emplace_back("comp", "appendblock");
    request.headers["x-ms-content-crc64"] = crc64_header(crc64(0, bytes));
    if (!encryption_scope.empty())
        request.headers["x-ms-encryption-scope"] = encryption_scope;
    set_condition(request, when);
    request.body.push_back(bytes);
    const auto answer = co_await send(doing, request);
    co_return etag(answer.header("etag"));
}

} // namespace azure
