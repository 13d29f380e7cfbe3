// A part of `serve`: an API, the journal, or work beside the server.
#pragma once

#include "app/run/run_frame.hpp"
#include "app/serve/api_operations.hpp"
#include "app/serve/readiness.hpp"
#include "app/settings/configuration.hpp"
#include "async/asio.hpp"
#include "async/log.hpp"
#include "http/server/router.hpp"
#include "telemetry/metric.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <string_view>
#include <vector>

namespace app {

// The time after the grace in which exports are rolled back, requests get their answers, and everything ends.
inline constexpr std::chrono::milliseconds requests_patience{8'500};

// What each part may use; it outlives the parts.
struct serve_surroundings {
    const configuration& settings;
    run_frame& frame;
    async::asio::any_io_executor executor;
    const bool& stopping; // no new work begins
};

class served_part {
  public:
    served_part() = default;
    served_part(const served_part&) = delete;
    served_part& operator=(const served_part&) = delete;
    virtual ~served_part() = default;

    // Called once each, before the server listens. The part outlives what it gives.
    [[nodiscard]] virtual std::vector<http::route> routes() { return {}; }
    // The operations of its routes, for /openapi.json.
    [[nodiscard]] virtual std::vector<api_operation> operations() const { return {}; }
    [[nodiscard]] virtual std::vector<readiness_probe> probes() { return {}; }

    [[nodiscard]] virtual std::vector<telemetry::metric> metrics() const { return {}; }
    // A sentence that says what the part is still doing, for the log line of a server that stops; may be
    // empty. After its end: what it left undone.
    [[nodiscard]] virtual std::string_view at_work() const { return {}; }

    // These are called in this order, and each is awaited. `check` of all parts, before any of them makes a
    // file: whether the server may begin. `begin` of all parts, in their order, before the
    // first request is answered (a signal cancels it if the journal is in Kafka). `work` beside the server,
    // until `stop` or its own end. `close` in the opposite order, after the last answer. If `check`, `begin`
    // or `work` throws, the server ends.
    [[nodiscard]] virtual async::awaitable<void> check() { co_return; }
    [[nodiscard]] virtual async::awaitable<void> begin() { co_return; }
    [[nodiscard]] virtual async::awaitable<void> work() { co_return; }
    [[nodiscard]] virtual async::awaitable<void> close() { co_return; }

    // A signal has come, or another part has failed: nothing new begins, and `work` ends by itself within
    // SERVE_GRACE. Then `cut` is called, and `work` is cancelled.
    virtual void stop() {}
    virtual void cut(int signal_number) { static_cast<void>(signal_number); }
    // SIGUSR1 asks for the progress: logs a line.
    virtual void show_progress() {}
    // Everything has ended: closes what would keep the loop busy.
    virtual void release() {}
};

} // namespace app
