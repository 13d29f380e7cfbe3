// Metrics of a run, and their delivery. Best effort: a failed delivery is one warning, and the exit code
// stays what it is.
#pragma once

#include "app/observe/summary.hpp"
#include "app/settings/metrics_settings.hpp"
#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/log.hpp"
#include "telemetry/delivery.hpp"
#include "telemetry/metric.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

[[nodiscard]] telemetry::metric gauge(std::string_view name, std::string_view help, std::string_view unit,
                                      std::optional<double> value);

// The metrics of every run: when one last succeeded, when it ended, how. No `last_success`: it has not
// succeeded, and no earlier success is known.
[[nodiscard]] std::vector<telemetry::metric>
metrics_of_end(int exit_code, std::chrono::system_clock::time_point now, std::optional<double> last_success);
// The other metrics of an archiving run; docs/metrics.md lists all.
[[nodiscard]] std::vector<telemetry::metric> metrics_of(const summary_facts& facts);

// The time for all deliveries together: the run is over and must not wait for a monitoring system that is
// down.
inline constexpr std::chrono::seconds metrics_patience{5};

// `metrics` for each place that they are sent to.
[[nodiscard]] std::vector<telemetry::delivery> deliveries_of(const metrics_settings& to,
                                                             const std::vector<telemetry::metric>& metrics,
                                                             telemetry::pushing how,
                                                             std::chrono::system_clock::time_point now);
// Writes the file of a run that goes on: `metrics`, and the time of the last success. Throws what a file
// throws.
void write_running_metrics(const metrics_settings& to, const std::vector<telemetry::metric>& metrics);

class metrics_delivery {
  public:
    explicit metrics_delivery(async::log& log)
        : log_(log) {}

    // Writes and sends how the run ended, and `more`; takes no longer than until `deadline`, and a signal
    // ends it. Never throws.
    void deliver(const metrics_settings& to, int exit_code, const std::vector<telemetry::metric>& more,
                 async::deadline deadline);

    // True if something that cannot be interrupted, such as looking up a name, may still be going on:
    // destroying this waits for it.
    [[nodiscard]] bool lingers() const noexcept { return lingers_; }

  private:
    void write_file(const metrics_settings& to, int exit_code, const std::vector<telemetry::metric>& more);
    void send(std::vector<telemetry::delivery> deliveries, async::deadline deadline);
    [[nodiscard]] async::awaitable<void> send_one(const telemetry::delivery& delivery,
                                                  async::deadline deadline);

    async::log& log_;
    boost::asio::io_context loop_{1};
    bool lingers_ = false;
};

} // namespace app
