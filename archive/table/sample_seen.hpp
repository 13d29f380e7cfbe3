// Whether the table has the one row of a tail that its mark kept.
#pragma once

#include <cstdint>

namespace archive {

enum class sample_seen : std::uint8_t {
    no_sample,     // none was kept, or it is of other columns than the key today
    not_in_table,  // no row equals it byte for byte
    key_only,      // a row has its key; the mark does not tell whether it is that row
    to_the_letter, // the row is in the table
};

} // namespace archive
