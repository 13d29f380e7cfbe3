// When the rows of a day are deleted: once all days are staged, or each day while others are still read.
// Decided from facts, as values. docs/protocol.md, "Deleting beside reading", says why each of them counts.
// Tested by tests/unit/archive/run/archive/deletion_order_test.cpp.
#pragma once

#include "archive/plan/plan.hpp"
#include "archive/table/table.hpp"
#include "lake/day.hpp"
#include "lake/folder/listed_file.hpp"

#include <cstddef>
#include <cstdint>
#include <set>

namespace archive {

enum class deletion_order : std::uint8_t { after_reading, beside_reading };

struct deletion_facts {
    reading how = reading::by_day;
    std::size_t days = 0;
    bool partitioned = false;
    bool compares_rows = false; // row security or a trigger on DELETE: the deleted rows are compared
    bool triggers = false;      // on DELETE, those of foreign keys included
    bool looks_again = false;   // the table is asked about rows of files once all days are staged
    bool held_back = false;     // a limit of bytes a second: reading takes long on purpose
    bool snapshots_age = false; // the server ends old snapshots when pages change (old_snapshot_threshold)
};

[[nodiscard]] deletion_order choose_order(const deletion_facts& facts) noexcept;

// Whether the table is asked about rows of this file once these days are staged: because the rows were
// restored, or because the type of the time column or of the key has changed since.
[[nodiscard]] bool is_asked_about_later(const lake::listed_file& file, const table_description& table,
                                        const std::set<lake::day>& due);

struct day_span {
    lake::day first;
    lake::day last;
    bool operator==(const day_span&) const = default;
};

// Takes the earliest run of consecutive days out of `read`, which must not be empty.
[[nodiscard]] day_span take_first_span(std::set<lake::day>& read);

} // namespace archive
