#include "app/settings/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace app {

namespace {

constexpr std::size_t shortest_beginning = 3;

std::size_t edit_distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= one.size(); ++i) {
        auto diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const auto replaced = diagonal + (one[i - 1] == other[j - 1] ? 0U : 1U);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

} // namespace

std::string_view nearest(std::string_view typed, std::span<const std::string_view> candidates) {
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, typed.size() / 3) + 1;
    for (const auto candidate : candidates)
        if (const auto distance = edit_distance(typed, candidate);
            distance < best_distance && distance < std::max(typed.size(), candidate.size())) {
            best = candidate;
            best_distance = distance;
        }
    if (!best.empty() || typed.size() < shortest_beginning)
        return best;
    const auto begun =
        std::ranges::find_if(candidates, [typed](std::string_view each) { return each.starts_with(typed); });
    return begun == candidates.end() ? best : *begun;
}

} // namespace app
