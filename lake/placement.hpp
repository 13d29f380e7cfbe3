// Properties of files in storage, apart from their content.
#pragma once

#include "azure/blob/tags.hpp"

#include <string>

namespace lake {

struct placement {
    std::string sealed_tier;      // "Cool", "Cold", "Hot": of files whose day is over; empty: the account's
    std::string encryption_scope; // of new files; empty: the container's or the account's
    azure::tag_set tags;          // index tags, beside those that others gave a file
};

} // namespace lake
