// What must be done with a file before rows can be appended to it, or why they cannot: decided from what the
// service says of the blob. Pure functions; docs/protocol.md, "Files that others wrote".
#pragma once

#include "async/error.hpp"
#include "azure/blob/metadata.hpp"
#include "lake/day.hpp"
#include "lake/folder/block_room.hpp"
#include "lake/mark/mark.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lake {

enum class treatment : std::uint8_t {
    append,  // its blocks stay, new ones follow them
    restage, // its bytes are staged again, in blocks of ours, on the way
    convert, // it is an append blob: made a block blob of the same bytes before anything else
    refuse,
};

// Where the blob is, for hints with a command.
struct place {
    std::string account;
    std::string container;
};

struct refusal {
    async::failure kind = async::failure::precondition;
    std::string why;  // "somebody holds a lease on it"
    std::string hint; // what to do
};
// The error that ends the run: "'a/events_2024-01-01.csv' cannot be appended to: …".
[[nodiscard]] async::error refused(std::string_view name, std::string_view treated, const refusal& because);

// Why a blob's own state (kind, tier, lease, policy) forbids writing to it or reading it. A published
// tail must be removable, so a state that forbids removal forbids everything.
[[nodiscard]] std::optional<refusal> obstacle_of(const azure::blob_properties& blob, const place& where,
                                                 std::chrono::sys_seconds now);
// The same for the whole container.
[[nodiscard]] std::optional<refusal> obstacle_of(const azure::container_properties& container,
                                                 const place& where);

// The meaning of a refused write if the blob shows no obstacle (any more).
[[nodiscard]] std::optional<refusal> refusal_for(std::string_view service_code,
                                                 const azure::blob_properties& blob);
// Why a day's rows can fit in no file: `room` bytes are all that 50,000 blocks hold.
[[nodiscard]] std::optional<refusal> too_large(day which, std::uint64_t rows, double row_bytes,
                                               std::uint64_t room);

struct chosen_treatment {
    lake::treatment treatment = lake::treatment::append;
    std::optional<refusal> because = {}; // of `refuse`
};

// From the listing alone.
[[nodiscard]] chosen_treatment choose_treatment(const azure::blob_properties& blob, const read_mark& mark,
                                                const place& where, std::chrono::sys_seconds now);
// Decided from its blocks too.
struct block_facts {
    std::uint64_t size = 0; // of the blob
    std::vector<azure::block> committed;
    std::uint64_t planned = 0; // bytes to append; 0: not known
    block_memory memory;
};
[[nodiscard]] chosen_treatment choose_treatment(const block_facts& facts);

} // namespace lake
