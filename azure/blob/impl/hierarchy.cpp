// blob_client on accounts with a hierarchical namespace, where folders are more than a part of names.
#include "azure/blob/blob_client.hpp"
#include "azure/blob/impl/border.hpp"
#include "azure/impl/request_id.hpp"

#include <fmt/format.h>

namespace azure {

using async::awaitable;

// Get Account Information. Neither Storage Blob Data Contributor nor every SAS may ask.
awaitable<std::optional<bool>> blob_client::hierarchical() {
    if (namespace_.asked)
        co_return namespace_.hierarchical;
    azure::request request;
    request.method = verb::get;
    // A SAS for a container may ask only there.
    request.path =
        std::holds_alternative<shared_access_signature>(account_.credential) ? "/" + container_ : "/";
    request.query.emplace_back("restype", "account");
    request.query.emplace_back("comp", "properties");
    request.headers.emplace("x-ms-client-request-id", make_request_id());
    std::optional<bool> found;
    try {
        const auto answer = co_await send("get account information", request);
        found = answer.header("x-ms-is-hns-enabled") == "true";
    } catch (const storage_error& failed) {
        if (failed.status() / 100 != 4 || failed.may_repeat())
            throw;
        log_.debug("azure.account_unknown", "the service does not tell what kind of account this is",
                   {{"error.message", failed.what()}});
    }
    namespace_ = {true, found};
    co_return found;
}

// Put Blob, If-None-Match: *
awaitable<void> blob_client::ensure_marker_blob(std::string_view name, const metadata& values,
                                                std::string_view encryption_scope) {
    const auto doing = fmt::format("put blob '{}'", name);
    auto request = blob_request(verb::put, name);
    request.headers["x-ms-blob-type"] = "BlockBlob";
    if (!encryption_scope.empty())
        request.headers["x-ms-encryption-scope"] = encryption_scope;
    set_metadata_at_border(doing, request, values);
    set_condition(request, condition::absent());
    std::exception_ptr refused;
    try {
        (void)co_await send(doing, request);
    } catch (const storage_error& failed) {
        if (failed.condition_failed())
            co_return;
        // The second is the answer to a SAS without the right to overwrite.
        if (failed.status() != 409 && failed.service_code() != "UnauthorizedBlobOverwrite")
            throw;
        refused = std::current_exception();
    }
    if (!refused)
        co_return;
    // An account with a hierarchical namespace has real folders, and error codes of its own for one that
    // exists.
    const auto found = co_await properties(name);
    if (!found)
        std::rethrow_exception(refused);
}

// Path Create, If-None-Match: *. An answer that was lost makes the second try find what the first has made.
awaitable<void> blob_client::ensure_directory(std::string_view name) {
    const auto doing = fmt::format("create directory '{}'", name);
    auto request = blob_request(verb::put, name);
    request.query.emplace_back("resource", "directory");
    set_condition(request, condition::absent());
    try {
        (void)co_await send(doing, request);
    } catch (const storage_error& failed) {
        if (failed.status() != 409 || failed.service_code() != "PathAlreadyExists")
            throw;
    }
}

} // namespace azure
