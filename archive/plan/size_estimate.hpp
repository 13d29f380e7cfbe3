// How many bytes of CSV rows will make, and how long moving them should take: pure arithmetic on a sample.
#pragma once

#include "archive/plan/plan.hpp"
#include "archive/settings.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace archive {

// Rows read together at one point of the selection. Neighbouring rows are similar, so the spread is measured
// between clusters, not between rows.
struct sampled_cluster {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
};

struct row_size {
    double mean = 0;  // bytes of CSV a row
    double error = 0; // half the width of its 95 % confidence interval, as a fraction of the mean
    std::uint64_t sampled = 0;
};
// `rows_all`: how many there are to estimate for; if all were sampled, the error is 0.
[[nodiscard]] row_size estimate_row_size(std::span<const sampled_cluster> sample, std::uint64_t rows_all);

// Points in time, spread over the days as their rows are, from which to read a cluster each.
struct sample_point {
    lake::day which;
    std::string since; // "2024-01-01 06:00:00"
};
[[nodiscard]] std::vector<sample_point> sample_points(std::span<const planned_day> days, std::size_t count);

struct work_size {
    std::uint64_t days = 0;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;       // of CSV
    std::uint64_t bytes_table = 0; // to be scanned, where there is no index
};
// A rough figure: as measured with one server, one client core and a storage account nearby.
[[nodiscard]] std::chrono::seconds expected_duration(const work_size& work, const settings& limits);
// What the process should hold at its peak: the budget of buffers and the program itself.
[[nodiscard]] std::uint64_t expected_memory(const settings& limits);

} // namespace archive
