#include "app/serve/serve.hpp"

#include "app/cli/exit_code.hpp"
#include "app/observe/run_id.hpp"
#include "app/observe/run_log.hpp"
#include "app/observe/summary.hpp"
#include "app/observe/termination_message.hpp"
#include "app/run/export_machine.hpp"
#include "app/serve/export_service.hpp"
#include "app/text/units.hpp"
#include "async/error.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
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
    std::chrono::steady_clock::duration duration{};
    failure_facts failed = {};
};

void add_counts(serve_summary& facts, const export_service& service) {
    for (const auto& [status, count] : service.server().counters().responses)
        facts.requests += count;
    for (const auto& [task, known] : service.book().by_task()) {
        facts.runs += std::accumulate(known.runs.begin(), known.runs.end(), std::uint64_t{0});
        facts.runs_failed += known.runs.at(static_cast<std::size_t>(exports::outcome::failed));
        facts.rows += known.rows;
    }
}

std::string log_summary(async::log& sink, const serve_summary& facts) {
    const bool stopped = facts.exit_code >= exit_code::signal_base;
    const auto sentence = facts.failed.message.empty()
                              ? fmt::format("served {}, exported {}", counted(facts.requests, "request"),
                                            counted(facts.rows, "row"))
                              : facts.failed.message;
    const auto cost = process_costs();
    std::vector<async::log_field> fields{
        {"status", stopped ? "stopped" : "failed"},
        {"exit_code", facts.exit_code},
        {"command", "serve"},
        {"requests_served", facts.requests},
        {"runs", facts.runs},
        {"runs_failed", facts.runs_failed},
        {"rows", facts.rows},
        {"cpu_seconds", cost.cpu_seconds},
        {"peak_memory_bytes", cost.peak_memory_bytes},
        {"duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(facts.duration).count()}};
    if (!facts.failed.type.empty())
        fields.emplace_back("error.type", facts.failed.type);
    sink.summary("run.summary", sentence, fields);
    return sentence;
}

} // namespace

int serve(const configuration& settings) {
    const auto started = std::chrono::steady_clock::now();
    const auto run_id = new_run_id();
    run_log out(settings, run_id);
    auto& sink = *out.log;
    log_exports_start(sink, "serve", settings);

    serve_summary facts;
    std::exception_ptr failed;
    try {
        export_service service(settings, run_id, out);
        failed = service.run();
        add_counts(facts, service);
        if (service.stopped_by() != 0)
            facts.exit_code = exit_code::signal_base + service.stopped_by();
    } catch (...) {
        failed = std::current_exception();
    }
    if (failed) {
        facts.exit_code = exit_code_of(async::failure_of(failed));
        facts.failed = log_failure(sink, failed, facts.exit_code);
    }
    facts.duration = std::chrono::steady_clock::now() - started;
    const auto sentence = log_summary(sink, facts);
    leave_termination_message(settings.termination_log,
                              termination_message(facts.exit_code, sentence, facts.failed.hint), sink);
    return facts.exit_code;
}

} // namespace app
