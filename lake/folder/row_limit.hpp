// How large a row of a day file may be, since its reader holds it whole. Pure functions.
#pragma once

#include "async/error.hpp"
#include "csv/row_scanner.hpp"

#include <cstdint>
#include <string_view>

namespace lake {

struct listed_file;

// In bytes of CSV, the line end included. For a file that others wrote, or changed since our mark, it is
// `memory`, which is ARCHIVE_MEMORY. PostgreSQL's own rows may be larger: in a file that is as its mark
// describes it, a row may have all the bytes that were recorded, up to the 1 GiB that PostgreSQL itself can
// hold.
[[nodiscard]] std::uint64_t row_limit(const listed_file& file, std::uint64_t memory) noexcept;

// The error that ends the run: it names the file, the row and the byte. `from` is where in the stored file
// reading began.
[[nodiscard]] async::error row_refused(std::string_view file, std::uint64_t from,
                                       const csv::row_too_large& row);

} // namespace lake
