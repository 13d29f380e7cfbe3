#include "azure/blob/crc64.hpp"

#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

namespace {

std::vector<std::byte> sample(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::byte>(i * 2654435761U >> 13);
    return bytes;
}

// Argument: the bytes given at once; a page, a block.
void crc64_of(benchmark::State& state) {
    const auto bytes = sample(static_cast<std::size_t>(state.range(0)));
    std::uint64_t crc = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(crc = azure::crc64(crc, bytes));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(crc64_of)->Arg(64)->Arg(16 << 10)->Arg(8 << 20);

// The floor: moving the same bytes once.
void copy_of(benchmark::State& state) {
    const auto bytes = sample(static_cast<std::size_t>(state.range(0)));
    std::vector<std::byte> target(bytes.size());
    for (auto _ : state) {
        std::memcpy(target.data(), bytes.data(), bytes.size());
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(copy_of)->Arg(16 << 10)->Arg(8 << 20);

void crc64_combined(benchmark::State& state) {
    std::uint64_t crc = 1;
    for (auto _ : state)
        benchmark::DoNotOptimize(crc = azure::crc64_combine(crc, 2, std::uint64_t{8} << 20));
}
BENCHMARK(crc64_combined);

} // namespace
