// Compares the rows of a file with those of a table, whatever their order.
#pragma once

#include "lake/content/file_reading.hpp"
#include "lake/difference.hpp"
#include "lake/folder/folder.hpp"

#include <cstdint>
#include <string_view>

namespace lake {

// Of a key. Fast, but only valid within one process.
[[nodiscard]] std::uint64_t key_hash(std::string_view key) noexcept;
// Of a row's text, its newline left aside.
[[nodiscard]] std::uint64_t content_hash(std::string_view row) noexcept;

// Equal for the same rows in any order; sums, not exclusive ors, so that a doubled row does not vanish.
struct content_digest {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t sum = 0;
    std::uint64_t sum_of_squares = 0;

    void add(std::string_view row) noexcept;
    void add(const content_digest& other) noexcept;
    bool operator==(const content_digest&) const = default;
};

// Notes each way in which what was read differs from the file's mark.
void compare_with_mark(const listed_file& file, const file_reading& reading, difference_list& found);

} // namespace lake
