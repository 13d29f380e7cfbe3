#include "archive/plan/size_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace archive {

namespace {

// One backend writes COPY text at about this rate, and a client of 300m CPU takes no more of it.
constexpr double transfer_rate = 40e6; // bytes a second
constexpr double scan_rate = 200e6;    // of a table from disk, bytes a second
constexpr double delete_rate = 200e3;  // rows a second
constexpr double requests_per_day = 4; // Get Block List, Put Block, Put Block List, Set Metadata
constexpr double request_time = 0.05;  // seconds
constexpr double start_time = 1;       // connections, catalog, listing

constexpr std::uint64_t memory_program = std::uint64_t{16} << 20; // code, TLS, loop
constexpr std::uint64_t memory_lane = std::uint64_t{512} << 10;   // libpq's and the socket's buffers
constexpr double confidence = 1.96;                               // standard errors in 95 %

} // namespace

row_size estimate_row_size(std::span<const sampled_cluster> sample, std::uint64_t rows_all) {
    row_size size;
    double bytes = 0;
    for (const auto& cluster : sample) {
        size.sampled += cluster.rows;
        bytes += static_cast<double>(cluster.bytes);
    }
    if (size.sampled == 0)
        return size;
    size.mean = bytes / static_cast<double>(size.sampled);
    if (size.sampled >= rows_all)
        return size;
    if (sample.size() < 2) {
        size.error = 1;
        return size;
    }
    // The ratio estimator of cluster sampling.
    double squares = 0;
    for (const auto& cluster : sample)
        squares +=
            std::pow(static_cast<double>(cluster.bytes) - size.mean * static_cast<double>(cluster.rows), 2);
    const auto clusters = static_cast<double>(sample.size());
    const auto deviation = std::sqrt(squares / (clusters - 1) * clusters) / bytes;
    const auto unseen = 1 - static_cast<double>(size.sampled) / static_cast<double>(rows_all);
    size.error = confidence * deviation * std::sqrt(unseen);
    return size;
}

std::vector<sample_point> sample_points(std::span<const planned_day> days, std::size_t count) {
    constexpr double seconds_per_day = 86'400;
    double rows = 0;
    for (const auto& planned : days)
        rows += static_cast<double>(planned.rows);
    std::vector<sample_point> points;
    double before = 0;
    std::size_t at = 0;
    for (std::size_t point = 0; point < count && at < days.size(); ++point) {
        const auto wanted = (static_cast<double>(point) + 0.5) / static_cast<double>(count) * rows;
        while (at + 1 < days.size() && before + static_cast<double>(days[at].rows) <= wanted)
            before += static_cast<double>(days[at++].rows);
        const auto share = (wanted - before) / std::max(1.0, static_cast<double>(days[at].rows));
        const auto second = static_cast<unsigned>(std::clamp(share, 0.0, 0.999) * seconds_per_day);
        points.push_back({days[at].which, fmt::format("{} {:02}:{:02}:{:02}", days[at].which.text(),
                                                      second / 3600, second / 60 % 60, second % 60)});
    }
    return points;
}

std::chrono::seconds expected_duration(const work_size& work, const settings& limits) {
    if (work.rows == 0)
        return std::chrono::seconds(1);
    const auto rate =
        limits.rate_limit ? std::min(transfer_rate, static_cast<double>(*limits.rate_limit)) : transfer_rate;
    // Without an index the table is read once to copy and once to delete.
    const auto seconds = start_time + static_cast<double>(work.bytes) / rate +
                         2 * static_cast<double>(work.bytes_table) / scan_rate +
                         static_cast<double>(work.rows) / delete_rate +
                         static_cast<double>(work.days) * requests_per_day * request_time /
                             static_cast<double>(std::max<std::size_t>(limits.parallel, 1));
    return std::chrono::seconds(static_cast<std::int64_t>(std::ceil(seconds)));
}

std::uint64_t expected_memory(const settings& limits) {
    return memory_program + limits.memory_bytes + memory_lane * limits.parallel;
}

} // namespace archive
