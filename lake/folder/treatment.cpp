#include "lake/folder/treatment.hpp"

#include "azure/blob/block_id.hpp"

#include <fmt/format.h>

namespace lake {

using async::failure;

namespace {

std::string az_blob(std::string_view command, const azure::blob_properties& blob, const place& where) {
    return fmt::format("az storage blob {} --account-name {} --container-name {} --{} '{}'", command,
                       where.account, where.container, command.starts_with("lease") ? "blob-name" : "name",
                       blob.name);
}

std::optional<refusal> tier_obstacle(const azure::blob_properties& blob, const place& where) {
    if (blob.access_tier != "Archive")
        return std::nullopt;
    if (!blob.archive_status.empty())
        return refusal{failure::temporary, "it is being brought back from the Archive tier",
                       "That takes up to 15 hours; then a run can read and write it."};
    return refusal{failure::precondition,
                   "it is in the Archive tier, where it can be neither read nor written",
                   "Bring it back, which takes hours: " + az_blob("set-tier --tier Hot", blob, where)};
}

std::optional<refusal> lease_obstacle(const azure::blob_properties& blob, const place& where) {
    const auto command = az_blob("lease break", blob, where);
    if (blob.lease_state == "breaking")
        return refusal{failure::temporary, "a lease on it is about to expire", "Try again in a minute."};
    if (blob.lease_state != "leased")
        return std::nullopt;
    if (blob.lease_duration == "fixed")
        return refusal{failure::temporary, "somebody holds a lease on it that expires",
                       "It expires within a minute unless it is renewed. To break it: " + command};
    return refusal{failure::precondition, "somebody holds a lease on it that does not expire",
                   "Release the lease where it was taken, or break it: " + command};
}

std::optional<refusal> immutability_obstacle(const azure::blob_properties& blob, const place& where,
                                             std::chrono::sys_seconds now) {
    if (blob.legal_hold)
        return refusal{failure::precondition,
                       "it is under a legal hold: what is added could not be taken back",
                       "Clear the hold: " + az_blob("set-legal-hold --legal-hold false", blob, where) +
                           "; or let ARCHIVE_PATH name another container."};
    if (azure::immutable_at(blob, now))
        return refusal{
            failure::precondition,
            fmt::format("it is immutable until {}: what is added could not be taken back",
                        blob.immutable_until),
            "If its policy is unlocked, delete it: " + az_blob("immutability-policy delete", blob, where) +
                "; or let ARCHIVE_PATH name another container."};
    return std::nullopt;
}

} // namespace

async::error refused(std::string_view name, std::string_view treated, const refusal& because) {
    return {because.kind, fmt::format("'{}' cannot be {}: {}", name, treated, because.why), because.hint};
}

std::optional<refusal> obstacle_of(const azure::blob_properties& blob, const place& where,
                                   std::chrono::sys_seconds now) {
    if (blob.type == azure::blob_type::page)
        return refusal{failure::precondition, "it is a page blob",
                       "Copy it to a block blob of the same name, or move it away."};
    if (auto found = tier_obstacle(blob, where))
        return found;
    if (auto found = lease_obstacle(blob, where))
        return found;
    return immutability_obstacle(blob, where, now);
}

std::optional<refusal> obstacle_of(const azure::container_properties& container, const place& where) {
    if (!container.immutability_policy && !container.legal_hold)
        return std::nullopt;
    const std::string_view policy = container.legal_hold ? "legal-hold" : "immutability-policy";
    return refusal{
        failure::precondition,
        fmt::format("container '{}' {}: a file that a failed run has published could not be taken back",
                    where.container,
                    container.legal_hold ? "is under a legal hold" : "has an immutability policy"),
        fmt::format("Let ARCHIVE_PATH name a container without, or look at it: az storage container {} show"
                    " --account-name {} --container-name {}",
                    policy, where.account, where.container)};
}

std::optional<refusal> refusal_for(std::string_view service_code, const azure::blob_properties& blob) {
    if (service_code.starts_with("Lease"))
        return refusal{failure::temporary, "somebody held a lease on it a moment ago", "Try again."};
    if (service_code == "SnapshotsPresent")
        return refusal{failure::precondition, "it has snapshots, so it cannot be removed",
                       "Delete them: az storage blob delete --delete-snapshots only."};
    if (service_code == "InvalidBlobType" && blob.type == azure::blob_type::block)
        return refusal{
            failure::precondition,
            "it was written through the Data Lake (DFS) API, behind which the Blob API can add nothing",
            "Download it and upload it again with az storage blob upload --overwrite."};
    return std::nullopt;
}

std::optional<refusal> too_large(day which, std::uint64_t rows, double row_bytes, std::uint64_t room) {
    const auto bytes = row_bytes * static_cast<double>(rows);
    if (bytes <= static_cast<double>(room))
        return std::nullopt;
    constexpr double gib = 1 << 30;
    return refusal{failure::precondition,
                   fmt::format("the {} rows of {} are about {:.0f} GiB of CSV, and {} blocks hold {:.0f} GiB",
                               rows, which.text(), bytes / gib, blocks_max, static_cast<double>(room) / gib),
                   "Raise ARCHIVE_MEMORY, which lets blocks be larger: docs/tuning.md."};
}

chosen_treatment choose_treatment(const azure::blob_properties& blob, const read_mark& mark,
                                  const place& where, std::chrono::sys_seconds now) {
    if (!mark.mistake.empty())
        return {treatment::refuse, refusal{failure::precondition, mark.mistake,
                                           "Move the file away, or use the version that wrote it."}};
    if (auto found = obstacle_of(blob, where, now))
        return {treatment::refuse, std::move(found)};
    return {blob.type == azure::blob_type::append ? treatment::convert : treatment::append};
}

chosen_treatment choose_treatment(const block_facts& facts) {
    std::uint64_t bytes = 0;
    for (const auto& each : facts.committed)
        bytes += each.size;
    if (!facts.committed.empty()) {
        const auto length = azure::raw_length(facts.committed.front().id);
        if (length < azure::block_ids::raw_length_min || length > azure::block_ids::raw_length_max)
            return {
                treatment::refuse,
                refusal{failure::precondition,
                        fmt::format("its block ids are {} bytes long, too short to add unique ones", length),
                        "Download it and upload it again under the same name."}};
    }
    if (bytes != facts.size) // one Put Blob: it has no blocks
        return {treatment::restage};
    switch (judge_room({facts.committed.size(), bytes, facts.planned, facts.memory})) {
    case room::enough:
        return {treatment::append};
    case room::after_compaction:
        return {treatment::restage};
    case room::too_little:
        break;
    }
    return {treatment::refuse,
            refusal{failure::precondition,
                    fmt::format("with {} blocks in it, what is due would need more than {}",
                                facts.committed.size(), blocks_max),
                    "Raise ARCHIVE_MEMORY, which lets blocks be larger."}};
}

} // namespace lake
