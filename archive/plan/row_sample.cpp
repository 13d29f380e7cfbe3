#include "archive/plan/row_sample.hpp"

#include "db/each_row.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace archive {

namespace {

constexpr std::uint64_t sample_all_below = 2'000; // rows
constexpr std::size_t clusters = 64;
constexpr std::size_t cluster_rows = 8;

// Reads a sample and sums it up in clusters.
awaitable<void> read_sample(db::connection& session, std::string sql, std::vector<sampled_cluster>& sample) {
    sampled_cluster cluster;
    const db::row_function add = [&cluster, &sample](std::string_view row) {
        cluster.bytes += row.size();
        if (++cluster.rows < cluster_rows)
            return;
        sample.push_back(cluster);
        cluster = {};
    };
    co_await db::for_each_row(session, std::move(sql), add);
    if (cluster.rows > 0)
        sample.push_back(cluster);
}

} // namespace

awaitable<row_size> sample_rows(db::connection& session, const table_description& table, const plan& chosen,
                                std::uint64_t rows) {
    std::vector<sampled_cluster> sample;
    if (rows == 0)
        co_return row_size{};
    if (rows <= sample_all_below) {
        co_await read_sample(session, copy_day_sql(table, chosen.rows), sample);
    } else if (chosen.how == reading::by_day) {
        for (const auto& point : sample_points(chosen.days, clusters)) {
            auto sql = sample_since_sql(table, one_day(chosen.rows, point.which), point.since, cluster_rows);
            co_await read_sample(session, std::move(sql), sample);
        }
    } else {
        const auto percent = 100.0 * static_cast<double>(sample_all_below) / static_cast<double>(rows);
        co_await read_sample(session, sample_pages_sql(table, chosen.rows, std::min(percent, 100.0)), sample);
    }
    // Few pages can leave a sample without a due row.
    if (sample.empty())
        co_await read_sample(session, sample_since_sql(table, chosen.rows, chosen.rows.lower, clusters),
                             sample);
    co_return estimate_row_size(sample, rows);
}

} // namespace archive
