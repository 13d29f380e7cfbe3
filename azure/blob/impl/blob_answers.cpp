#include "azure/blob/impl/blob_answers.hpp"

#include "async/error.hpp"
#include "async/number.hpp"

namespace azure {

namespace {

[[noreturn]] void fail(std::string_view problem) {
    throw async::error(async::failure::unclassified, "the service's answer " + std::string(problem));
}

blob_type type_of(std::string_view text) {
    if (text == "BlockBlob")
        return blob_type::block;
    if (text == "AppendBlob")
        return blob_type::append;
    if (text == "PageBlob")
        return blob_type::page;
    fail("names no known blob type");
}

} // namespace

blob_properties properties_of(std::string_view name, const http::wire_response& answer) {
    constexpr std::string_view metadata_prefix = "x-ms-meta-";
    const auto size = async::number_from<std::uint64_t>(answer.header("content-length"));
    if (!size || answer.header("etag").empty())
        fail("lacks the blob's size or ETag");
    blob_properties found;
    found.name = name;
    found.etag = answer.header("etag");
    found.size = *size;
    found.type = type_of(answer.header("x-ms-blob-type"));
    found.content.type = answer.header("content-type");
    found.content.encoding = answer.header("content-encoding");
    found.content.language = answer.header("content-language");
    found.content.disposition = answer.header("content-disposition");
    found.content.cache_control = answer.header("cache-control");
    found.last_modified = answer.header("last-modified");
    found.access_tier = answer.header("x-ms-access-tier");
    found.archive_status = answer.header("x-ms-archive-status");
    found.lease_state = answer.header("x-ms-lease-state");
    found.lease_duration = answer.header("x-ms-lease-duration");
    found.immutable_until = answer.header("x-ms-immutability-policy-until-date");
    found.legal_hold = answer.header("x-ms-legal-hold") == "true";
    for (const auto& [header, value] : answer.headers)
        if (header.starts_with(metadata_prefix))
            found.metadata[header.substr(metadata_prefix.size())] = value;
    found.content.encryption_scope = answer.header("x-ms-encryption-scope");
    found.tag_count = async::number_from<std::uint64_t>(answer.header("x-ms-tag-count")).value_or(0);
    found.directory = answer.header("x-ms-resource-type") == "directory";
    complete(found, answer.header("x-ms-access-tier-inferred") == "true");
    return found;
}

container_properties container_properties_of(const http::wire_response& answer) {
    const auto is_true = [&answer](std::string_view header) { return answer.header(header) == "true"; };
    container_properties found;
    found.immutability_policy = is_true("x-ms-has-immutability-policy");
    found.legal_hold = is_true("x-ms-has-legal-hold");
    found.immutable_blobs_possible = is_true("x-ms-immutable-storage-with-versioning-enabled");
    return found;
}

std::optional<content_range> parse_content_range(std::string_view header) noexcept {
    constexpr std::string_view unit = "bytes ";
    const auto slash = header.find('/');
    if (!header.starts_with(unit) || slash == std::string_view::npos)
        return std::nullopt;
    const auto total = async::number_from<std::uint64_t>(header.substr(slash + 1));
    const auto range = header.substr(unit.size(), slash - unit.size());
    if (!total)
        return std::nullopt;
    if (range == "*")
        return content_range{std::nullopt, *total};
    const auto first = async::number_from<std::uint64_t>(range.substr(0, range.find('-')));
    if (!first)
        return std::nullopt;
    return content_range{first, *total};
}

} // namespace azure
