#include "azure/metadata.hpp"

#include "azure/impl/http_date.hpp"

namespace azure {

std::optional<std::chrono::sys_seconds> modified_at(const blob_properties& blob) noexcept {
    return parse_http_date(blob.last_modified);
}

bool immutable_at(const blob_properties& blob, std::chrono::sys_seconds now) noexcept {
    if (blob.legal_hold || blob.immutable_until.empty())
        return blob.legal_hold;
    const auto until = parse_http_date(blob.immutable_until);
    return !until || *until > now;
}

} // namespace azure
