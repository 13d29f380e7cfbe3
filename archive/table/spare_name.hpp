// A name for a column of ours beside those of a file.
// Tested by tests/integration/test_restore_limits.py.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace archive {

// `name`, or one that begins with it and is not among the columns, which are plain.
[[nodiscard]] inline std::string spare_name(std::string name, const std::vector<std::string>& columns) {
    while (std::ranges::find(columns, name) != columns.end())
        name += '_';
    return name;
}

} // namespace archive
