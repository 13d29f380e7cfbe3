// Rows of CSV that PostgreSQL is asked about together.
// Tested by tests/integration/test_foreign_values.py.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

// Rows of CSV, each with its newline, in one piece of memory.
struct row_batch {
    std::string text;
    std::vector<std::size_t> ends; // of each row, in `text`

    void add(std::string_view row);
    [[nodiscard]] std::string_view row(std::size_t number) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return ends.size(); }
    void clear() noexcept;
};

} // namespace archive
