// The properties that a listing has of a blob, as one text and back, without loss.
// Tested by tests/unit/lake/folder/file_map_test.cpp.
#pragma once

#include "azure/blob/metadata.hpp"

#include <string>
#include <string_view>

namespace lake {

[[nodiscard]] std::string packed(const azure::blob_properties& blob);
[[nodiscard]] azure::blob_properties unpacked_properties(std::string_view text);

} // namespace lake
