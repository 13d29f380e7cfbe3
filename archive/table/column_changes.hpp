// What has become of the types of a file's columns since its rows were written. Pure functions.
// Tested by tests/integration/test_types_since_written.py and tests/fault/test_changed_types.py.
#pragma once

#include "archive/table/types_then.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace archive {

struct column_changes {
    bool other_types = false;         // the columns have had other types
    std::optional<earlier_type> only; // the one column whose type has changed
    std::optional<std::vector<std::size_t>>
        places; // of all columns whose types have changed, if that is known

    // Its type, with labels and attributes, is certainly what it was.
    [[nodiscard]] bool is_unchanged(std::size_t column) const;
};

// `written`: the checksum of the types then, `texts`: what the ledger has of it. Without a text, what would
// explain the checksum is tried.
[[nodiscard]] column_changes changes_since(std::span<const typed_column> columns,
                                           const type_definitions& definitions, std::uint64_t written,
                                           labels_since added, const lake::types_texts& texts);

} // namespace archive
