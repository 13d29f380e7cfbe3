#include "app/observe/metrics_beat.hpp"

#include "app/observe/metrics_delivery.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"

#include <chrono>
#include <utility>

namespace app {

namespace {

using async::awaitable;
using telemetry::metric;

constexpr std::chrono::seconds beat{15};

awaitable<void> deliver_now(const metrics_settings& to, std::vector<metric> metrics,
                            async::helper_thread& files, async::log& log) {
    if (!to.file.empty()) {
        // It may outlive this call, so it owns what it touches.
        std::function<void()> writing = [to, metrics] { write_running_metrics(to, metrics); };
        co_await files.run(std::move(writing));
    }
    const auto deadline = async::deadline::after(metrics_patience);
    const auto deliveries =
        deliveries_of(to, metrics, telemetry::pushing::replace_named, std::chrono::system_clock::now());
    for (const auto& each : deliveries)
        co_await telemetry::deliver(each, deadline, log);
}

} // namespace

awaitable<void> keep_delivering(const metrics_settings& to, std::function<std::vector<metric>()> look,
                                async::helper_thread& files, async::log& log) {
    const bool wanted = !to.file.empty() || to.pushgateway || to.collector;
    bool told = false;
    while (wanted) {
        const auto failed = co_await async::caught_error(deliver_now(to, look(), files, log));
        if (failed && !told)
            log.warn("metrics.lost", "the metrics could not be delivered",
                     {{"error.message", async::describe(failed)}});
        told = failed != nullptr;
        co_await async::pause(beat);
    }
}

} // namespace app
