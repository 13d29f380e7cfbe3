#include "app/serve/server/serve.hpp"

#include "app/cli/exit_code.hpp"
#include "app/observe/run_log.hpp"
#include "app/observe/summary.hpp"
#include "app/run/exports/export_machine.hpp"
#include "app/run/run_frame.hpp"
#include "app/serve/server/api_server.hpp"
#include "app/serve/server/freed_memory.hpp"
#include "app/text/units.hpp"

#include <fmt/format.h>

#include <chrono>
#include <numeric>
#include <vector>

namespace app {

namespace {

struct serve_summary {
    int exit_code = exit_code::internal;
    std::uint64_t requests = 0;
    std::uint64_t runs = 0;
    std::uint64_t runs_failed = 0;
    std::uint64_t rows = 0;
    std::uint64_t events = 0;
    bool exports = false;
    bool journal = false;
    std::chrono::steady_clock::duration duration{};
    failure_facts failed = {};
};

void add_counts(serve_summary& facts, const api_server& service) {
    for (const auto& [status, count] : service.server().counters().responses)
        facts.requests += count;
    if (const auto* exports = service.exports()) {
        facts.exports = true;
        for (const auto& [task, known] : exports->book().by_task()) {
            facts.runs += std::accumulate(known.runs.begin(), known.runs.end(), std::uint64_t{0});
            facts.runs_failed += known.runs.at(static_cast<std::size_t>(exports::outcome::failed));
            facts.rows += known.rows;
        }
    }
    if (const auto* journal = service.journal()) {
        facts.journal = true;
        for (const auto& [topic, counts] : journal->events_in().by_topic())
            facts.events += counts.events;
    }
}

std::string sentence_of(const serve_summary& facts) {
    if (!facts.failed.message.empty())
        return facts.failed.message;
    auto sentence = fmt::format("served {}", counted(facts.requests, "request"));
    if (facts.journal)
        sentence += fmt::format(", accepted {}", counted(facts.events, "event"));
    if (facts.exports)
        sentence += fmt::format(", exported {}", counted(facts.rows, "row"));
    return sentence;
}

void log_last_line(async::log& log, const serve_summary& facts) {
    const auto cost = process_costs();
    std::vector<async::log_field> fields{
        {"status", status_of(facts.exit_code)},
        {"exit_code", facts.exit_code},
        {"command", "serve"},
        {"requests_served", facts.requests},
        {"events_accepted", facts.events},
        {"runs", facts.runs},
        {"runs_failed", facts.runs_failed},
        {"rows", facts.rows},
        {"cpu_seconds", cost.cpu_seconds},
        {"peak_memory_bytes", cost.peak_memory_bytes},
        {"duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(facts.duration).count()}};
    if (!facts.failed.type.empty())
        fields.emplace_back("error.type", facts.failed.type);
    log.summary("run.summary", sentence_of(facts), fields);
}

void log_start_without_exports(async::log& log, const configuration& settings) {
    std::string apis;
    for (const auto each : settings.serving.apis)
        apis += fmt::format("{}{}", apis.empty() ? "" : ",", to_string(each));
    log.info("run.start", "serve begins", {{"version", EVENT_ARCHIVER_VERSION}, {"apis", apis}});
}

class serve_command : public framed_command {
  public:
    explicit serve_command(const configuration& settings)
        : settings_(settings) {}

    // A server has no end, so its trace would not end.
    [[nodiscard]] bool has_trace() const override { return false; }

    [[nodiscard]] work_end work(run_frame& frame) override {
        api_server service(settings_, frame);
        work_end end;
        end.failed = service.run();
        add_counts(facts_, service);
        // A signal is the usual end: the exit code says whether something was cut short.
        if (service.stopped_by() == 0)
            end.exit_code = exit_code::internal;
        else if (!service.finished_all())
            end.exit_code = exit_code::signal_base + service.stopped_by();
        return end;
    }

    void ended(const run_outcome& outcome) override {
        facts_.exit_code = outcome.exit_code;
        facts_.failed = outcome.failed;
        facts_.duration = outcome.duration;
    }

    [[nodiscard]] std::string sentence() const override { return sentence_of(facts_); }

    void log_summary(async::log& log) const override { log_last_line(log, facts_); }

  private:
    const configuration& settings_;
    serve_summary facts_;
};

} // namespace

int serve(const configuration& settings) {
    return_freed_memory();
    run_frame frame(settings, process_id::shown);
    if (settings.serving.offers(api::exports))
        log_exports_start(frame.log(), "serve", settings);
    else
        log_start_without_exports(frame.log(), settings);
    serve_command command(settings);
    return frame.run(command);
}

} // namespace app
