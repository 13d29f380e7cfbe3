// A day's file as a listing or a look at it shows it.
// Tested by tests/unit/lake/folder/tail_state_test.cpp.
#pragma once

#include "azure/blob/metadata.hpp"
#include "lake/day.hpp"
#include "lake/mark/mark.hpp"

namespace lake {

struct listed_file {
    azure::blob_properties properties;
    read_mark mark;

    [[nodiscard]] file_key key() const; // of its name; a copy has that of its original
    [[nodiscard]] bool compressed() const { return key().compression == compression::gzip; }
};

} // namespace lake
