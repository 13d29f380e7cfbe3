// A line of the ledger that tells what types the columns of a table had. Marks keep a checksum of them, which
// says that types have changed since, and not what they were. Pure functions.
// Tested by tests/unit/lake/ledger/types_line_test.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace lake {

struct noted_types {
    std::uint64_t checksum = 0; // as a mark keeps it
    std::string text;           // what the checksum is of, in a form of the writer's own
};

// Texts by their checksums.
using types_texts = std::map<std::uint64_t, std::string>;

// One line of JSON, with its newline. `time`: "2026-01-01T02:00:00Z".
[[nodiscard]] std::string types_line(const noted_types& types, std::string_view time);
// nullopt for any other line.
[[nodiscard]] std::optional<noted_types> types_from(std::string_view line);

} // namespace lake
