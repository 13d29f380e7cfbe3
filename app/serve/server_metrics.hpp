// What /metrics tells: the server, the runs, the process.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/serve/run_book.hpp"
#include "exports/run_desk.hpp"
#include "http/server/server.hpp"
#include "telemetry/metric.hpp"

#include <chrono>
#include <vector>

namespace app {

struct serve_facts {
    const http::server& server;
    const run_book& book;
    const exports::run_desk& desk;
    std::chrono::system_clock::time_point started;
};

[[nodiscard]] std::vector<telemetry::metric> metrics_of(const serve_facts& facts);

} // namespace app
