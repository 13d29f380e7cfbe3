// What a request and an upload cost the client, against the sink.
#include "azure/blob/blob_client.hpp"
#include "azure/blob/block_id.hpp"
#include "azure/blob/crc64.hpp"
#include "bench/micro/loop.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace {

struct lake {
    explicit lake(const azure::account& owner)
        : retries{{}, async::make_random_source(), log, repeated}
        , pool(loop.get_executor(), owner.blob, http::pool_options{}, log)
        , client(owner, "bench", azure::client_options{}, pool, retries, log) {}

    boost::asio::io_context loop{1};
    bench::no_log log;
    std::uint64_t repeated = 0;
    async::retry_context retries;
    http::session_pool pool;
    azure::blob_client client;
};

async::awaitable<void> make_container(azure::blob_client& client) {
    (void)co_await client.ensure_container();
}

// One request after the other on a kept-alive connection: signing, sending, waiting, reading the answer.
void request_overhead(benchmark::State& state) {
    const auto storage = bench::required_setting(state, "BENCH_STORAGE");
    if (storage.empty())
        return;
    lake target(azure::parse_connection_string(storage).value);
    bench::run(target.loop, make_container(target.client));
    const auto ask = [](azure::blob_client& client) -> async::awaitable<void> {
        (void)co_await client.properties("not there");
    };
    std::vector<double> micros;
    for (auto _ : state) {
        const auto began = std::chrono::steady_clock::now();
        bench::run(target.loop, ask(target.client));
        micros.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count());
    }
    std::sort(micros.begin(), micros.end());
    state.counters["p50_us"] = micros[micros.size() / 2];
    state.counters["p99_us"] = micros[micros.size() * 99 / 100];
}
BENCHMARK(request_overhead)->Unit(benchmark::kMicrosecond);

// Argument: the size of a block. The bytes lie in pages, as those of a run do.
void upload_from_memory(benchmark::State& state) {
    const auto storage = bench::required_setting(state, "BENCH_STORAGE");
    if (storage.empty())
        return;
    constexpr std::size_t page = std::size_t{16} << 10;
    const std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{'x'});
    std::vector<std::span<const std::byte>> pieces;
    for (std::size_t at = 0; at < bytes.size(); at += page)
        pieces.push_back(std::span(bytes).subspan(at, std::min(page, bytes.size() - at)));
    lake target(azure::parse_connection_string(storage).value);
    bench::run(target.loop, make_container(target.client));
    azure::block_ids ids(std::string(56, '0'));
    const auto id = ids.next();
    for (auto _ : state) {
        // The checksum belongs to the upload: the service asks for it.
        const auto crc = azure::crc64(0, bytes);
        bench::run(target.loop, target.client.put_block("events_2024-02-29.csv", id, pieces, crc));
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(upload_from_memory)->Arg(64 << 10)->Arg(4 << 20)->Unit(benchmark::kMicrosecond);

} // namespace
