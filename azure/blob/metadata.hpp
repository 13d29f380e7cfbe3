// Small values of the Blob service.
// Tested by tests/unit/lake/folder/treatment_test.cpp.
#pragma once

#include "azure/blob/tags.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace azure {

// Names are lowercase ASCII letters (digits beside '_' would break Shared Key's sort order), values printable
// ASCII.
using metadata = std::map<std::string, std::string>;

// Opaque; compared byte for byte, quotes included.
using etag = std::string;

// What a commit replaces, beside metadata, unless it restates it.
struct content_headers {
    std::string type;
    std::string encoding;
    std::string language;
    std::string disposition;
    std::string cache_control;
    std::string access_tier{};      // chosen for this blob; empty: the account's
    std::string encryption_scope{}; // empty: the container's or the account's
    tag_set tags{};                 // no listing tells them: see blob_properties::tag_count
    bool operator==(const content_headers&) const = default;
};

enum class blob_type : std::uint8_t { block, append, page };

struct blob_properties {
    std::string name; // within the container
    azure::etag etag;
    std::uint64_t size = 0;
    blob_type type = blob_type::block;
    content_headers content;
    azure::metadata metadata;
    std::string last_modified;  // RFC 1123
    std::string access_tier;    // chosen or the account's
    std::string archive_status; // "rehydrate-pending-to-hot": leaving the Archive tier
    std::string lease_state;    // "leased", "available", …
    std::string lease_duration; // while it is leased: "infinite" or "fixed"
    // Version-level immutability; told by Get Blob Properties, not by our listings.
    std::string immutable_until; // RFC 1123; empty: no policy
    bool legal_hold = false;
    std::uint64_t tag_count = 0; // index tags, as far as this identity is told
    bool directory = false;      // a real one (hierarchical namespace), or a marker that stands for one
};

// The properties of a container that matter for writing there.
struct container_properties {
    bool immutability_policy = false;      // a time-based policy on all of its blobs
    bool legal_hold = false;               // on all of its blobs
    bool immutable_blobs_possible = false; // a blob may have a policy or a hold of its own
};

// Whether a commit can put a blob there and take it away again: "Hot", "Cool", "Cold".
[[nodiscard]] bool is_online_tier(std::string_view tier) noexcept;

// Sets what only the whole of an answer tells: `content.access_tier` of a tier that is not merely the
// account's, `directory` of a marker's metadata.
void complete(blob_properties& blob, bool tier_inferred);

// The time of `last_modified`; nullopt if the service did not send it, or not as a date.
[[nodiscard]] std::optional<std::chrono::sys_seconds> modified_at(const blob_properties& blob) noexcept;

// True while a policy or a hold of the blob itself forbids changing it. A policy whose date cannot be read
// counts.
[[nodiscard]] bool immutable_at(const blob_properties& blob, std::chrono::sys_seconds now) noexcept;

struct block {
    std::string id; // base64, as the service writes it
    std::uint64_t size = 0;
};

// The committed blocks of a blob and the ETag they belong to.
struct block_list {
    std::vector<block> committed;
    azure::etag etag;
};

// If-Match an ETag, If-None-Match: *, or no condition.
struct condition {
    enum class kind : std::uint8_t { none, match, absent };
    kind wanted = kind::none;
    azure::etag etag;

    [[nodiscard]] static condition match(azure::etag tag) { return {kind::match, std::move(tag)}; }
    [[nodiscard]] static condition absent() { return {kind::absent, {}}; }
};

} // namespace azure
