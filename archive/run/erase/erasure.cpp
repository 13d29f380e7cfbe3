#include "archive/run/erase/erasure.hpp"

#include <algorithm>

namespace archive {

std::uint64_t erasure::rows_of_files() const noexcept {
    std::uint64_t rows = 0;
    for (const auto& each : files)
        rows += each.rows;
    return rows;
}

void note_erased(erasure& all, const erased_file& more) {
    const auto same = std::ranges::find(all.files, more.name, &erased_file::name);
    if (same != all.files.end()) {
        same->rows += more.rows;
        same->after = more.after;
        return;
    }
    const auto later = [&more](const erased_file& each) { return more.which < each.which; };
    all.files.insert(std::ranges::find_if(all.files, later), more);
}

} // namespace archive
