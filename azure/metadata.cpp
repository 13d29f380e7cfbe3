#include "azure/metadata.hpp"

#include "azure/impl/http_date.hpp"

namespace azure {

std::optional<std::chrono::sys_seconds> modified_at(const blob_properties& blob) noexcept {
    return parse_http_date(blob.last_modified);
}

} // namespace azure
