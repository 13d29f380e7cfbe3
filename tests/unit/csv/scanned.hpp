// What row_scanner makes of an input that arrives in the given chunks.
#pragma once

#include "csv/row_scanner.hpp"
#include "tests/unit/csv/naive_scanner.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace csv {

// `next_size` says how many bytes the next chunk has. Each chunk is a copy of its own, so that a sanitizer
// sees a read beyond it.
inline scan_outcome scanned(std::string_view input, const std::function<std::size_t()>& next_size,
                            line_ends allowed = line_ends::lf) {
    scan_outcome outcome;
    row_scanner scanner([&](std::string_view row) { outcome.rows.emplace_back(row); }, allowed);
    try {
        while (!input.empty()) {
            const std::vector<char> chunk(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                             next_size(), input.size())));
            scanner.feed({chunk.data(), chunk.size()});
            input.remove_prefix(chunk.size());
        }
        scanner.finish();
    } catch (const std::invalid_argument& problem) {
        outcome.mistake = problem.what();
    }
    return outcome;
}

} // namespace csv
