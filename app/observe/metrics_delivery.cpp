#include "app/observe/metrics_delivery.hpp"

#include "app/cli/exit_code.hpp"
#include "app/observe/output_file.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/regular_file.hpp"
#include "async/stop.hpp"
#include "async/task_group.hpp"
#include "http/client/endpoint.hpp"
#include "telemetry/exposition.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <filesystem>
#include <system_error>

namespace app {

namespace {

constexpr std::string_view last_success_name = "event_archiver_last_success_timestamp_seconds";

double unix_seconds(std::chrono::system_clock::time_point at) {
    return std::chrono::duration<double>(std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()))
        .count();
}

// Of this run: its time, if it succeeded.
std::optional<double> success_now(int ended, std::chrono::system_clock::time_point now) {
    return ended == exit_code::done ? std::optional(unix_seconds(now)) : std::nullopt;
}

std::vector<telemetry::metric> joined(std::vector<telemetry::metric> one,
                                      const std::vector<telemetry::metric>& other) {
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

// Of an earlier run: only if the file is of this command and this place, not of another one that used the
// file before.
std::optional<double> last_success_in(const metrics_settings& to) {
    constexpr std::size_t bytes_max = std::size_t{16} << 20; // another program may have put its file there
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(to.file, unknown)) // a pipe is there to be written to
        return std::nullopt;
    const auto before = async::read_text(to.file, bytes_max);
    return telemetry::value_in(before.text, telemetry::series_name(last_success_name, to.file_labels));
}

void write_labelled(const metrics_settings& to, std::vector<telemetry::metric> metrics) {
    for (auto& each : metrics)
        for (auto& sample : each.samples)
            sample.labels.insert(sample.labels.end(), to.file_labels.begin(), to.file_labels.end());
    output_file(to.file, output_file::readers::everybody).write(telemetry::exposition(metrics));
}

telemetry::metric durations(const summary_facts& facts) {
    telemetry::metric made{
        "event_archiver_duration_seconds", "Time the last run spent in each phase.", "s", {}};
    for (std::size_t phase = 0; phase + 1 < archive::run_phases; ++phase) {
        const std::string name(archive::to_string(static_cast<archive::run_phase>(phase)));
        const auto spent = std::chrono::duration<double>(facts.by_phase[phase]).count();
        made.samples.push_back({{{"phase", name}}, spent});
    }
    return made;
}

} // namespace

telemetry::metric gauge(std::string_view name, std::string_view help, std::string_view unit,
                        std::optional<double> value) {
    telemetry::metric made{name, help, unit, {}};
    if (value)
        made.samples.push_back({{}, *value});
    return made;
}

std::vector<telemetry::metric> metrics_of_end(int exit_code, std::chrono::system_clock::time_point now,
                                              std::optional<double> last_success) {
    return {
        gauge(last_success_name, "When a run last succeeded.", "s", last_success),
        gauge("event_archiver_last_run_timestamp_seconds", "When the last run ended.", "s",
              unix_seconds(now)),
        gauge("event_archiver_exit_code", "Exit code of the last run.", "1", exit_code),
    };
}

std::vector<telemetry::metric> metrics_of(const summary_facts& facts) {
    const auto& report = facts.report;
    const auto number = [](auto value) { return std::optional(static_cast<double>(value)); };
    const auto if_known = [](const auto& value) {
        return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
    };
    const auto backlog = report.backlog ? number(report.backlog->count()) : std::nullopt;
    return {
        gauge("event_archiver_rows", "Rows that the last run archived or exported.", "{row}",
              number(report.rows)),
        gauge("event_archiver_bytes", "Bytes that the last run put into files, as stored.", "By",
              number(report.bytes)),
        gauge("event_archiver_days", "Days that the last run archived rows of.", "{day}",
              number(report.days)),
        durations(facts),
        gauge("event_archiver_backlog_age_seconds",
              "How far the oldest row was past its retention when the last run began; 0 if none was due.",
              "s", backlog),
        gauge("event_archiver_files_pending", "Files with rows whose commit status is still unknown.",
              "{file}", if_known(report.files_pending)),
    };
}

std::vector<telemetry::delivery> deliveries_of(const metrics_settings& to,
                                               const std::vector<telemetry::metric>& metrics,
                                               telemetry::pushing how,
                                               std::chrono::system_clock::time_point now) {
    std::vector<telemetry::delivery> deliveries;
    if (to.pushgateway)
        deliveries.push_back(
            telemetry::to_pushgateway(*to.pushgateway, to.instance, how, telemetry::exposition(metrics)));
    if (to.collector) {
        const telemetry::resource speaker{{"service.name", to.service_name},
                                          {"service.version", EVENT_ARCHIVER_VERSION},
                                          {"service.instance.id", to.instance}};
        deliveries.push_back(telemetry::to_collector(*to.collector, to.collector_headers,
                                                     telemetry::otlp_request(metrics, speaker, now)));
    }
    return deliveries;
}

void write_running_metrics(const metrics_settings& to, const std::vector<telemetry::metric>& metrics) {
    auto known =
        joined({gauge(last_success_name, "When a run last succeeded.", "s", last_success_in(to))}, metrics);
    write_labelled(to, std::move(known));
}

void metrics_delivery::deliver(const metrics_settings& to, int exit_code,
                               const std::vector<telemetry::metric>& more, async::deadline deadline) {
    if (!to.file.empty())
        write_file(to, exit_code, more);
    const auto now = std::chrono::system_clock::now();
    const auto success = success_now(exit_code, now);
    const auto metrics = joined(metrics_of_end(exit_code, now, success), more);
    // A failed run does not push the time of the last success: POST leaves the old value as it is.
    auto deliveries = deliveries_of(
        to, metrics, success ? telemetry::pushing::replace_all : telemetry::pushing::replace_named, now);
    if (!deliveries.empty())
        send(std::move(deliveries), deadline);
}

void metrics_delivery::write_file(const metrics_settings& to, int exit_code,
                                  const std::vector<telemetry::metric>& more) {
    try {
        const auto now = std::chrono::system_clock::now();
        auto success = success_now(exit_code, now);
        if (!success)
            success = last_success_in(to);
        write_labelled(to, joined(metrics_of_end(exit_code, now, success), more));
    } catch (const std::exception& failed) {
        log_.warn("metrics.lost", "the metrics could not be written", {{"error.message", failed.what()}});
    }
}

void metrics_delivery::send(std::vector<telemetry::delivery> deliveries, async::deadline deadline) {
    async::stop_source stop;
    // From here to the end of the process, a signal can end only this delivery.
    async::signal_watch signals(
        loop_.get_executor(), [&stop](int number) { stop.request(number); }, [] {});
    std::vector<async::awaitable<void>> sending;
    for (const auto& delivery : deliveries)
        sending.push_back(send_one(delivery, deadline));
    boost::asio::co_spawn(loop_, async::run_all(std::move(sending)),
                          boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr failed) {
                              if (failed) {
                                  lingers_ = true;
                                  log_.warn("metrics.lost", "the metrics could not be sent",
                                            {{"error.message", async::describe(failed)}});
                              }
                              signals.close();
                              loop_.stop(); // otherwise it would wait for a lookup that is left behind
                          }));
    loop_.run();
}

async::awaitable<void> metrics_delivery::send_one(const telemetry::delivery& delivery,
                                                  async::deadline deadline) {
    const auto where = http::authority(delivery.server);
    const auto failed = co_await async::caught_error(telemetry::deliver(delivery, deadline, log_));
    if (!failed)
        co_return;
    lingers_ = lingers_ || deadline.passed();
    log_.warn("metrics.lost", "the metrics could not be sent",
              {{"to", where}, {"error.message", async::describe(failed)}});
}

} // namespace app
