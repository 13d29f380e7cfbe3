#include "azure/blob/error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace azure {

using async::failure;

namespace {

// Codes whose meaning differs from that of their status. Blob service error codes:
// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
struct meaning {
    std::string_view code;
    failure kind;
};
constexpr std::array meanings{
    // The bytes were damaged on the way: sending them again helps unless our memory is bad, and then tries
    // run out.
    meaning{"Md5Mismatch", failure::temporary},
    meaning{"Crc64Mismatch", failure::temporary},
    // A deleted container's name is free again after half a minute or more.
    meaning{"ContainerBeingDeleted", failure::temporary},
    // 400, yet a question about the blob's state: a staged block has vanished, for example with another
    // commit.
    meaning{"InvalidBlockList", failure::precondition},
    meaning{"InvalidBlobOrBlock", failure::precondition},
    // 400 from the service when it cannot read the Authorization header.
    meaning{"InvalidAuthenticationInfo", failure::refused},
    meaning{"AccountRequiresHttps", failure::refused}, // 400
    // Index tags there, whatever the status.
    meaning{"FeatureNotYetSupportedForHierarchicalNamespaceAccounts", failure::precondition},
    // Azurite answers 500 for what it does not implement.
    meaning{"FeatureNotSupported", failure::precondition},
};

} // namespace

failure classify(unsigned status, std::string_view service_code) noexcept {
    const auto* found = std::find_if(meanings.begin(), meanings.end(),
                                     [&](const meaning& entry) { return entry.code == service_code; });
    if (found != meanings.end())
        return found->kind;
    switch (status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return failure::temporary;
    case 401:
    case 403:
        return failure::refused;
    case 404:
    case 409:
    case 412:
    case 501:
        return failure::precondition;
    default:
        return failure::unclassified;
    }
}

storage_error::storage_error(failure kind, std::string message, unsigned status, std::string service_code,
                             std::string request_id, std::string client_request_id, std::string hint)
    : error(kind, std::move(message), std::move(hint))
    , status_(status)
    , service_code_(std::move(service_code))
    , request_id_(std::move(request_id))
    , client_request_id_(std::move(client_request_id)) {}

bool storage_error::condition_failed() const noexcept {
    return (status_ == 412 && !service_code_.starts_with("Lease")) ||
           (status_ == 409 && service_code_ == "BlobAlreadyExists") ||
           (status_ == 400 && service_code_ == "InvalidBlockList");
}

bool storage_error::blob_forbids() const noexcept {
    constexpr std::array<std::string_view, 6> codes{"BlobArchived",     "BlobBeingRehydrated",
                                                    "InvalidBlobType",  "BlobImmutableDueToPolicy",
                                                    "SnapshotsPresent", "BlobIsSealed"};
    return (status_ == 412 && service_code_.starts_with("Lease")) ||
           (status_ == 409 && std::find(codes.begin(), codes.end(), service_code_) != codes.end());
}

} // namespace azure
