// Runs a coroutine to its end, for benchmarks that talk to the servers that the environment names:
// BENCH_STORAGE and BENCH_DATABASE, which `bench/run` sets. Without them they are skipped.
#pragma once

#include "async/asio.hpp"
#include "async/log.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

namespace bench {

class no_log final : public async::log {
    void write(async::log_level, std::string_view, std::string_view,
               std::span<const async::log_field>) override {}
};

inline void run(boost::asio::io_context& loop, async::awaitable<void> operation) {
    std::exception_ptr failed;
    boost::asio::co_spawn(loop, std::move(operation),
                          [&failed](std::exception_ptr thrown) { failed = std::move(thrown); });
    loop.restart();
    loop.run();
    if (failed)
        std::rethrow_exception(failed);
}

// What the variable holds; empty, and the benchmark is skipped, if it is not set.
inline std::string required_setting(benchmark::State& state, const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr)
        state.SkipWithError((std::string(name) + " is not set: bench/run does").c_str());
    return value == nullptr ? "" : value;
}

} // namespace bench
