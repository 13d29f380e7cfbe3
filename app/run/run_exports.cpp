#include "app/run/run_exports.hpp"

#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/observe/export_metrics.hpp"
#include "app/observe/metrics_delivery.hpp"
#include "app/observe/run_id.hpp"
#include "app/observe/run_log.hpp"
#include "app/observe/termination_message.hpp"
#include "app/observe/trace_file.hpp"
#include "app/run/export_machine.hpp"
#include "app/run/stop_guard.hpp"
#include "app/text/render.hpp"
#include "app/text/terminal.hpp"
#include "app/text/units.hpp"
#include "async/error.hpp"
#include "async/quotable.hpp"
#include "db/side_effects.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace app {

namespace {

using async::awaitable;
using async::failure;

// The tasks that were asked for. Throws async::error(usage) for one that is not there.
std::vector<exports::task> choose(std::vector<exports::task> there, const std::vector<std::string>& wanted,
                                  const std::string& directory) {
    if (there.empty())
        throw async::error(failure::precondition, fmt::format("there is no task in '{}'", directory),
                           "Check DSL_PATH: a task is a directory with select.sql and delete.sql.");
    if (wanted.empty())
        return there;
    std::vector<std::string_view> names;
    for (const auto& each : there)
        names.push_back(each.name);
    std::vector<exports::task> chosen;
    for (const auto& name : wanted) {
        const auto found = std::ranges::find(there, name, &exports::task::name);
        const auto near = nearest(name, names);
        if (found == there.end())
            throw async::error(failure::usage,
                               fmt::format("there is no task {} in '{}'{}", async::quoted(name), directory,
                                           near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
        if (std::ranges::find(chosen, name, &exports::task::name) == chosen.end())
            chosen.push_back(*found);
    }
    return chosen;
}

// One run and all it holds.
class export_run {
  public:
    export_run(const command_line& what, const configuration& settings, const std::string& run_id,
               async::log& sink)
        : what_(what)
        , sink_(sink)
        , settings_(with_boundary(settings, what))
        , machine_(loop_.get_executor(), settings_, stop_, sink, run_id)
        , guard_(loop_.get_executor(), stop_, sink) {}

    // The end of the run: null, or what ended it.
    [[nodiscard]] std::exception_ptr run() {
        async::signal_watch signals(
            loop_.get_executor(),
            [this](int number) {
                guard_.stop(number, "stopping: rolling back and taking the file at hand away", task_);
            },
            [this] {
                sink_.info("progress", "an export is at work",
                           {{"task", task_}, {"tasks_done", reports_.size()}});
            });
        std::exception_ptr ended;
        boost::asio::co_spawn(
            loop_, work(), boost::asio::bind_cancellation_slot(stop_.slot(), [&](std::exception_ptr failed) {
                ended = failed;
                signals.close();
                guard_.disarm();
                machine_.close();
            }));
        loop_.run();
        return ended;
    }

    [[nodiscard]] const std::vector<exports::task_report>& reports() const noexcept { return reports_; }
    [[nodiscard]] std::uint64_t files_settled() const noexcept { return files_settled_; }
    [[nodiscard]] int stopped_by() const noexcept { return stop_.signal_number(); }
    // Of a stopped run: until when it must have ended.
    [[nodiscard]] async::deadline patience_left() const noexcept { return guard_.by(); }
    [[nodiscard]] run_costs costs() const { return machine_.costs(); }
    [[nodiscard]] const std::string& place() { return machine_.files().place(); }

  private:
    static configuration with_boundary(configuration settings, const command_line& what) {
        settings.exporting.boundary = what.boundary;
        return settings;
    }

    awaitable<void> work() {
        auto& exporter = machine_.exporter();
        if (what_.command == command::recover) {
            if (what_.adopt)
                co_await exporter.adopt();
            else if (!what_.keep.empty())
                co_await exporter.recover_file(what_.keep, exports::verdict::keep);
            else if (!what_.discard.empty())
                co_await exporter.recover_file(what_.discard, exports::verdict::discard);
            else
                files_settled_ = co_await exporter.recover();
            co_return;
        }
        auto there = co_await machine_.tasks().all();
        const auto chosen = choose(std::move(there), what_.tasks, settings_.exporting.tasks.string());
        for (const auto& each : chosen) {
            task_ = each.name;
            auto report = co_await exporter.run(each);
            files_settled_ += report.files_settled;
            reports_.push_back(std::move(report));
            if (stop_.requested())
                async::throw_cancelled();
        }
    }

    const command_line& what_;
    async::log& sink_;
    configuration settings_;
    boost::asio::io_context loop_{1};
    async::stop_source stop_;
    export_machine machine_;
    stop_guard guard_;
    std::vector<exports::task_report> reports_;
    std::uint64_t files_settled_ = 0;
    std::string task_; // at hand
};

struct export_summary {
    std::string command;
    int exit_code = exit_code::internal;
    bool dry_run = false;
    std::vector<exports::task_report> reports = {};
    std::uint64_t files_settled = 0;
    run_costs costs = {};
    std::chrono::steady_clock::duration duration{};
    failure_facts failed = {};
};

std::string sentence_of(const export_summary& facts, std::uint64_t rows, std::uint64_t failed) {
    if (facts.exit_code >= exit_code::signal_base)
        return "stopped";
    if (!facts.failed.message.empty())
        return facts.failed.message;
    if (facts.command == "recover")
        return "settled " + counted(facts.files_settled, "file");
    auto text = fmt::format("{}: {}{}", counted(facts.reports.size(), "task"),
                            facts.dry_run ? "could export " : "exported ", counted(rows, "row"));
    return failed == 0 ? text : fmt::format("{}; {} failed", text, counted(failed, "task"));
}

// The last line of the run.
std::string log_summary(async::log& sink, const export_summary& facts) {
    const auto count = [&facts](exports::outcome which) {
        return static_cast<std::uint64_t>(
            std::ranges::count(facts.reports, which, &exports::task_report::outcome));
    };
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::uint64_t attempts = 0;
    std::string side_effects;
    for (const auto& report : facts.reports) {
        for (const auto& each : report.went_along)
            side_effects += (side_effects.empty() ? "" : "; ") + db::in_words(each);
        rows += report.rows;
        bytes += report.bytes;
        attempts += report.attempts;
    }
    const auto failed = count(exports::outcome::failed);
    const auto sentence = sentence_of(facts, rows, failed);
    const auto cost = process_costs();
    std::vector<async::log_field> fields{
        {"status", facts.exit_code == exit_code::done          ? "succeeded"
                   : facts.exit_code >= exit_code::signal_base ? "stopped"
                                                               : "failed"},
        {"exit_code", facts.exit_code},
        {"command", facts.command},
        {"dry_run", facts.dry_run},
        {"tasks", facts.reports.size()},
        {"tasks_failed", failed},
        {"tasks_empty", count(exports::outcome::empty)},
        {"rows", rows},
        {"bytes", bytes},
        {"files_created", count(exports::outcome::exported)},
        {"files_settled", facts.files_settled},
        {"attempts", attempts},
        {"requests", facts.costs.requests},
        {"retries", facts.costs.retries},
        {"bytes_sent", facts.costs.bytes_sent},
        {"cpu_seconds", cost.cpu_seconds},
        {"peak_memory_bytes", cost.peak_memory_bytes},
        {"duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(facts.duration).count()}};
    if (!side_effects.empty())
        fields.emplace_back("side_effects", side_effects);
    if (!facts.failed.type.empty())
        fields.emplace_back("error.type", facts.failed.type);
    sink.summary("run.summary", sentence, fields);
    return sentence;
}

} // namespace

int exit_code_of(std::span<const exports::task_report> reports) {
    static constexpr std::array order{exit_code::integrity,    exit_code::internal, exit_code::usage,
                                      exit_code::precondition, exit_code::refused,  exit_code::failed,
                                      exit_code::temporary,    exit_code::locked};
    const auto has = [reports](int code) {
        return std::ranges::any_of(reports, [code](const exports::task_report& each) {
            return each.failed() && exit_code_of(each.kind) == code;
        });
    };
    const auto worst = std::ranges::find_if(order, has);
    return worst == order.end() ? exit_code::done : *worst;
}

int run_exports(const command_line& what, const configuration& settings) {
    const auto started = std::chrono::steady_clock::now();
    const auto run_id = new_run_id();
    run_log out(settings, run_id);
    auto& sink = *out.log;
    log_exports_start(sink, info_of(what.command).name, settings);

    export_summary facts;
    facts.command = info_of(what.command).name;
    facts.dry_run = settings.exporting.dry_run;
    std::exception_ptr failed;
    auto leave_by = async::deadline{};
    std::unique_ptr<trace_file> trace;
    try {
        if (!settings.trace.empty()) {
            trace = std::make_unique<trace_file>(settings.trace, run_id);
            sink.attach(trace.get());
        }
        export_run run(what, settings, run_id, sink);
        failed = run.run();
        facts.reports = run.reports();
        facts.files_settled = run.files_settled();
        facts.costs = run.costs();
        leave_by = run.patience_left();
        facts.exit_code = exit_code_of(facts.reports);
        if (failed && run.stopped_by() != 0 && async::is_cancellation(failed))
            facts.exit_code = exit_code::signal_base + run.stopped_by();
        else if (failed)
            facts.exit_code = exit_code_of(async::failure_of(failed));
        else if (what.command == command::export_tasks &&
                 !print_output(render_exports(facts.reports, run.place(), what.output))) {
            sink.error("output.failed", "the result cannot be written to standard output",
                       {{"exit_code", exit_code::failed}});
            facts.exit_code = exit_code::failed;
        }
    } catch (...) {
        failed = std::current_exception();
        facts.exit_code = exit_code_of(async::failure_of(failed));
    }
    if (facts.exit_code >= exit_code::signal_base)
        sink.warn("run.stopped", "stopped by a signal; what was not committed was rolled back",
                  {{"exit_code", facts.exit_code}});
    else if (failed)
        facts.failed = log_failure(sink, failed, facts.exit_code);
    facts.duration = std::chrono::steady_clock::now() - started;
    metrics_delivery metrics(sink);
    if (what.command == command::export_tasks && !facts.dry_run)
        metrics.deliver(settings.metrics, facts.exit_code, metrics_of(facts.reports),
                        earliest(leave_by, async::deadline::after(metrics_patience)));
    const auto sentence = log_summary(sink, facts);
    leave_termination_message(settings.termination_log,
                              termination_message(facts.exit_code, sentence, facts.failed.hint), sink);
    if (metrics.lingers()) {
        // Its loop would wait for a lookup of a name, which nothing can interrupt, for as long as that takes.
        trace.reset();
        std::_Exit(facts.exit_code);
    }
    return facts.exit_code;
}

} // namespace app
