#include "csv/gzip.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t input_size = std::size_t{16} << 20;

// Rows as compressible as real ones: keys repeat, hashes and numbers do not.
std::string orders() {
    std::mt19937_64 random(1);
    std::string rows;
    for (unsigned id = 1; rows.size() < input_size; ++id)
        rows += fmt::format("{},evt_{:016x}{:016x},order.created,2024-02-29 12:{:02}:{:02}.{:03},2024-02-29 "
                            "13:00:00,\"{{\"\"id\"\": "
                            "\"\"{:016x}\"\", \"\"user\"\": {{\"\"id\"\": {}, \"\"tags\"\": "
                            "[\"\"returning\"\"]}}, \"\"lines\"\": "
                            "[{{\"\"sku\"\": \"\"{:08x}\"\", \"\"count\"\": {}, \"\"price\"\": {}.99}}], "
                            "\"\"total\"\": {}.49, "
                            "\"\"note\"\": \"\"please leave it at the door\"\"}}\"\n",
                            id, random(), random(), id / 60'000 % 60, id / 1'000 % 60, id % 1'000, random(),
                            random() % 100'003, random() % 0xFFFFFFFF, random() % 9, random() % 500,
                            random() % 10'000);
    rows.resize(input_size);
    return rows;
}

void report(benchmark::State& state, std::size_t compressed) {
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                            static_cast<std::int64_t>(input_size));
    state.counters["smaller"] = static_cast<double>(input_size) / static_cast<double>(compressed);
}

void gzip_of_ours(benchmark::State& state) {
    const auto input = orders();
    std::size_t size = 0;
    for (auto _ : state) {
        size = 0;
        csv::gzip_member member;
        csv::gzip_compressor compressor;
        const csv::gzip_compressor::byte_sink count = [&size](std::span<const std::byte> bytes) {
            size += bytes.size();
        };
        compressor.begin_part(member, count);
        compressor.write(member, std::as_bytes(std::span(input)), count);
        compressor.end_part(count);
        csv::gzip_compressor::end_member(member, count);
    }
    report(state, size);
}
BENCHMARK(gzip_of_ours)->Unit(benchmark::kMillisecond);

// Argument: zlib's level.
void gzip_of_zlib(benchmark::State& state) {
    const auto input = orders();
    std::vector<Bytef> output(input.size() + (input.size() >> 3));
    std::size_t size = 0;
    for (auto _ : state) {
        z_stream stream{};
        constexpr int gzip_window = 15 + 16;
        if (deflateInit2(&stream, static_cast<int>(state.range(0)), Z_DEFLATED, gzip_window, 8,
                         Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::runtime_error("zlib does not start");
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
        stream.avail_in = static_cast<uInt>(input.size());
        stream.next_out = output.data();
        stream.avail_out = static_cast<uInt>(output.size());
        if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
            state.SkipWithError("zlib did not finish");
        size = stream.total_out;
        deflateEnd(&stream);
    }
    report(state, size);
}
BENCHMARK(gzip_of_zlib)->Arg(1)->Arg(6)->Unit(benchmark::kMillisecond);

// The program, with its start and its pipe. By the clock: its CPU is another process's.
void gzip_program(benchmark::State& state) {
    std::string path = "/tmp/event-archiver-bench-XXXXXX";
    const int file = ::mkstemp(path.data());
    if (file < 0)
        throw std::runtime_error("no temporary file");
    ::close(file);
    std::ofstream(path) << orders();
    const auto command = "gzip -1 -c " + path + " > " + path + ".gz";
    for (auto _ : state)
        if (std::system(command.c_str()) != 0)
            state.SkipWithError("no program gzip");
    const auto size = std::ifstream(path + ".gz", std::ios::ate).tellg();
    ::unlink(path.c_str());
    ::unlink((path + ".gz").c_str());
    report(state, static_cast<std::size_t>(size));
}
BENCHMARK(gzip_program)->Unit(benchmark::kMillisecond)->UseRealTime();

} // namespace
