#include "azure/blob/metadata.hpp"

#include "http/date.hpp"

namespace azure {

bool is_online_tier(std::string_view tier) noexcept {
    return tier == "Hot" || tier == "Cool" || tier == "Cold";
}

void complete(blob_properties& blob, bool tier_inferred) {
    if (!tier_inferred && is_online_tier(blob.access_tier))
        blob.content.access_tier = blob.access_tier;
    if (blob.content.encryption_scope.starts_with('$'))
        blob.content.encryption_scope.clear(); // "$account-encryption-key": none was chosen
    const auto marker = blob.metadata.find("hdi_isfolder");
    blob.directory = blob.directory || (marker != blob.metadata.end() && marker->second == "true");
}

std::optional<std::chrono::sys_seconds> modified_at(const blob_properties& blob) noexcept {
    return http::parse_http_date(blob.last_modified);
}

bool immutable_at(const blob_properties& blob, std::chrono::sys_seconds now) noexcept {
    if (blob.legal_hold || blob.immutable_until.empty())
        return blob.legal_hold;
    const auto until = http::parse_http_date(blob.immutable_until);
    return !until || *until > now;
}

} // namespace azure
