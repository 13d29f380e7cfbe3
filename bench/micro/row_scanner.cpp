#include "csv/row_scanner.hpp"

#include "bench/micro/sample_rows.hpp"
#include "csv/day_prefix.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace {

constexpr std::size_t input_size = std::size_t{32} << 20; // beyond the caches
constexpr std::size_t chunk_size = std::size_t{64} << 10; // about what a read returns

void count_bytes(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes));
}

// Argument: the size of a payload.
void scan_rows(benchmark::State& state) {
    const auto input = bench::sample_rows(input_size, static_cast<std::size_t>(state.range(0)));
    const auto expected = static_cast<std::uint64_t>(std::count(input.begin(), input.end(), '\n'));
    for (auto _ : state) {
        std::uint64_t bytes = 0;
        csv::row_scanner scanner([&](std::string_view row) { bytes += row.size(); });
        for (std::size_t at = 0; at < input.size(); at += chunk_size)
            scanner.feed(std::string_view(input).substr(at, chunk_size));
        scanner.finish();
        if (scanner.rows() != expected || bytes != input.size())
            state.SkipWithError("rows went missing");
    }
    count_bytes(state, input.size());
}
BENCHMARK(scan_rows)->Arg(0)->Arg(250)->Arg(2000)->Arg(100'000)->Unit(benchmark::kMillisecond);

// The floor: memchr for newlines alone, which would be wrong.
void find_newlines(benchmark::State& state) {
    const auto input = bench::sample_rows(input_size, static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        std::uint64_t rows = 0;
        const char* const end = input.data() + input.size();
        for (const char* at = input.data(); at != end; ++rows)
            at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at))) + 1;
        benchmark::DoNotOptimize(rows);
    }
    count_bytes(state, input.size());
}
BENCHMARK(find_newlines)->Arg(250)->Unit(benchmark::kMillisecond);

void split_days(benchmark::State& state) {
    const std::string line = "19782," + bench::sample_rows(1, 250);
    csv::day_splitter days;
    for (auto _ : state)
        benchmark::DoNotOptimize(days.split(line));
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(split_days);

} // namespace
