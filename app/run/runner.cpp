#include "app/run/runner.hpp"

#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/observe/metrics_delivery.hpp"
#include "app/observe/output_file.hpp"
#include "app/observe/progress.hpp"
#include "app/observe/recorded_timeline.hpp"
#include "app/observe/run_id.hpp"
#include "app/observe/run_log.hpp"
#include "app/observe/summary.hpp"
#include "app/observe/termination_message.hpp"
#include "app/observe/trace_file.hpp"
#include "app/page/run_page.hpp"
#include "app/run/clear_text.hpp"
#include "app/run/connections.hpp"
#include "app/run/inquiry.hpp"
#include "app/run/stop_guard.hpp"
#include "app/text/terminal.hpp"
#include "archive/plan/memory_budget.hpp"
#include "archive/run/job.hpp"
#include "async/error.hpp"
#include "azure/auth/token_source.hpp"
#include "http/client/session_pool.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

namespace app {

namespace {

void note(summary_facts& facts, failure_facts failed) {
    facts.error = std::move(failed.message);
    facts.error_type = std::move(failed.type);
    facts.hint = std::move(failed.hint);
}

// What a run leaves behind besides its log. Best effort: what fails is a warning.
void leave_traces(const configuration& settings, const summary_facts& facts, metrics_delivery& metrics,
                  async::deadline by, async::log& sink) {
    if (facts.command == "archive" && !facts.dry_run)
        metrics.deliver(settings.metrics, facts.exit_code, metrics_of(facts), by);
    else if (facts.command == "export") // refused before it began
        metrics.deliver(settings.metrics, facts.exit_code, {}, by);
    const auto message = termination_message(
        facts.exit_code, facts.error.empty() ? sentence_of(facts) : facts.error, facts.hint);
    leave_termination_message(settings.termination_log, message, sink);
}

void write_page(output_file& file, const report_page& page, async::log& sink) {
    try {
        file.write(render(page));
    } catch (const async::error& failed) {
        sink.warn("report.lost", "the report could not be written", {{"error.message", failed.message()}});
    }
}

// Who the run is to the lake, and to the database if that is the same.
void log_identity(async::log& sink, const configuration& settings) {
    const std::string_view identity =
        settings.identity ? azure::to_string(settings.identity->kind) : std::string_view();
    const auto lake = lake_identity(settings);
    sink.info("azure.identity", fmt::format("signing in to the lake by {}", lake),
              {{"azure.identity", lake},
               {"azure.client_id", settings.identity ? settings.identity->client : std::string()},
               {"database_auth", settings.database_by_identity ? identity : "password"}});
}

void log_start(async::log& sink, const command_line& what, const configuration& settings) {
    sink.info("run.start", fmt::format("{} begins", info_of(what.command).name),
              {{"version", EVENT_ARCHIVER_VERSION},
               {"database", db::describe_conninfo(settings.database)},
               {"account", settings.account.name},
               {"path", settings.job.folder.empty() ? settings.container
                                                    : settings.container + "/" + settings.job.folder},
               {"table", settings.job.table},
               {"retention", settings.job.retention.interval},
               {"dry_run", settings.job.dry_run}});
    log_identity(sink, settings);
}

// The exit code.
int print_answer(async::log& sink, const inquiry_answer& answer) {
    if (print_output(answer.text))
        return answer.exit_code;
    sink.error("output.failed", "the result cannot be written to standard output",
               {{"exit_code", exit_code::failed}});
    return exit_code::failed;
}

// Everything a run holds, in an order in which it can be taken down again.
class engine {
  public:
    engine(const command_line& what, const configuration& settings, std::string run_id, run_log& out)
        : what_(what)
        , sink_(*out.log)
        , retries_{async::retry_policy{settings.retries + 1}, async::make_random_source(), sink_,
                   retry_count_}
        , tokens_(make_token_source(settings, loop_.get_executor(), retries_, helper_, sink_))
        , database_(connect_options_of(settings, tokens_.get(), sink_))
        , pool_(loop_.get_executor(), settings.account.blob, pool_options_of(settings, settings.account.blob),
                sink_)
        , client_(settings.account, settings.container, client_options_of(settings), pool_, retries_, sink_,
                  tokens_.get())
        , directories_(loop_.get_executor(), settings.account, settings.container,
                       client_options_of(settings),
                       pool_options_of(settings, settings.account.dfs.value_or(settings.account.blob)),
                       retries_, sink_, tokens_.get())
        , lake_(client_, settings.job.folder, &directories_, settings.job.placement.encryption_scope)
        , pages_(loop_.get_executor(),
                 archive::memory_for_rows(settings.job.memory_bytes, settings.job.parallel))
        , settings_(settings)
        , job_({settings.job, database_, helper_, lake_, retries_, pages_, sink_, stop_, report_,
                std::move(run_id), [] { return random_hex(28); }})
        , display_(loop_.get_executor(),
                   out.text && is_terminal(stream::error) ? progress_display::style::bar
                                                          : progress_display::style::lines,
                   report_, sink_, standard_error())
        , guard_(loop_.get_executor(), stop_, sink_) {
        out.display = &display_;
        lake_.bound_rows(settings.job.memory_bytes);
    }

    // The end of the run: null, or what ended it.
    [[nodiscard]] std::exception_ptr run() {
        async::signal_watch signals(
            loop_.get_executor(), [this](int number) { stop(number); }, [this] { display_.show_now(); });
        std::exception_ptr ended;
        boost::asio::co_spawn(
            loop_, work(), boost::asio::bind_cancellation_slot(stop_.slot(), [&](std::exception_ptr failed) {
                ended = failed;
                signals.close();
                display_.stop();
                guard_.disarm();
                pool_.close();
                directories_.close();
                if (tokens_)
                    tokens_->close();
            }));
        display_.start();
        loop_.run();
        return ended;
    }

    [[nodiscard]] const inquiry_answer& answer() const noexcept { return answer_; }
    [[nodiscard]] const archive::run_report& report() const noexcept { return report_; }
    [[nodiscard]] int stopped_by() const noexcept { return stop_.signal_number(); }
    // Of a stopped run: until when it must have ended.
    [[nodiscard]] async::deadline patience_left() const noexcept { return guard_.by(); }
    [[nodiscard]] run_costs costs() const {
        return {pool_.counters().requests + directories_.requests(), pool_.counters().bytes_sent,
                retry_count_};
    }

  private:
    async::awaitable<void> work() {
        if (is_inquiry(what_.command))
            return inquire_and_keep();
        if (what_.command == command::archive)
            return job_.archive();
        if (what_.command == command::restore)
            return job_.restore(what_.restore);
        if (what_.adopt)
            return job_.adopt();
        if (!what_.keep.empty())
            return job_.recover_file(what_.keep, archive::verdict::keep);
        if (!what_.discard.empty())
            return job_.recover_file(what_.discard, archive::verdict::discard);
        return job_.recover();
    }

    async::awaitable<void> inquire_and_keep() {
        const inquiry_context context{settings_, {database_, helper_, sink_}, lake_, report_};
        answer_ = co_await inquire(what_, context);
    }

    void stop(int number) {
        guard_.stop(number,
                    is_inquiry(what_.command) ? "stopping" : "stopping: rolling back and putting files back",
                    archive::to_string(report_.phase));
    }

    const command_line& what_;
    async::log& sink_;
    inquiry_answer answer_;
    boost::asio::io_context loop_{1};
    async::helper_thread helper_;
    async::stop_source stop_;
    archive::run_report report_;
    std::uint64_t retry_count_ = 0;
    async::retry_context retries_;
    std::unique_ptr<azure::token_source> tokens_; // null: nobody needs one
    db::connect_options database_;
    http::session_pool pool_;
    azure::blob_client client_;
    azure::directory_client directories_;
    lake::folder lake_;
    async::page_pool pages_;
    const configuration& settings_;
    archive::job job_;
    progress_display display_;
    stop_guard guard_;
};

} // namespace

int run(const command_line& what, const configuration& settings) {
    const auto started = std::chrono::steady_clock::now();
    const auto run_id = new_run_id();
    run_log out(settings, run_id);
    auto& sink = *out.log;
    // People who ask a question want the answer; everybody else gets a log as of any run.
    const bool brief = out.text && is_inquiry(what.command);
    if (!brief)
        log_start(sink, what, settings);

    for (const auto& clause : settings.unheeded)
        sink.warn("config.unheeded", clause);

    warn_of_clear_text(settings, sink);

    int code = exit_code::internal;
    std::exception_ptr failed;
    auto leave_by = async::deadline{};
    summary_facts facts;
    facts.command = info_of(what.command).name;
    std::unique_ptr<trace_file> trace;
    std::optional<recorded_timeline> timeline;
    std::optional<output_file> page;
    std::optional<report_page> what_the_archive_holds;
    try {
        if (!settings.trace.empty()) {
            trace = std::make_unique<trace_file>(settings.trace, run_id);
            sink.attach(trace.get());
        }
        if (!settings.report.empty()) {
            page.emplace(settings.report); // before anything moves
            sink.attach(&timeline.emplace(trace.get()));
        }
        engine machine(what, settings, run_id, out);
        failed = machine.run();
        out.display = nullptr;
        facts.report = machine.report();
        facts.costs = machine.costs();
        leave_by = machine.patience_left();
        what_the_archive_holds = machine.answer().page;
        if (!failed)
            code = print_answer(sink, machine.answer());
        else if (machine.stopped_by() != 0 && async::is_cancellation(failed))
            code = exit_code::signal_base + machine.stopped_by();
        else
            code = exit_code_of(async::failure_of(failed));
    } catch (...) {
        out.display = nullptr;
        failed = std::current_exception();
        code = exit_code_of(async::failure_of(failed));
    }
    facts.by_phase = facts.report.time_by_phase();
    if (!failed)
        facts.report.enter(archive::run_phase::done);
    if (code >= exit_code::signal_base)
        sink.warn("run.stopped", "stopped by a signal; what was not committed was rolled back",
                  {{"exit_code", code}});
    else if (failed)
        note(facts, log_failure(sink, failed, code));
    facts.exit_code = code;
    facts.dry_run = settings.job.dry_run;
    facts.duration = std::chrono::steady_clock::now() - started;
    facts.inquiry = is_inquiry(what.command);
    // A question has no page of its own, but for what the archive holds.
    if (page && what_the_archive_holds)
        write_page(*page, *what_the_archive_holds, sink);
    else if (page && !is_inquiry(what.command))
        write_page(*page, page_of_run(settings, facts, *timeline), sink);
    metrics_delivery metrics(sink);
    leave_traces(settings, facts, metrics, earliest(leave_by, async::deadline::after(metrics_patience)),
                 sink);
    if (!brief)
        log_summary(sink, facts);
    if (metrics.lingers()) {
        // Its loop would wait for a lookup of a name, which nothing can interrupt, for as long as that takes.
        trace.reset();
        std::_Exit(code);
    }
    return code;
}

int refuse(const command_line& what, const std::vector<std::string>& mistakes,
           const configuration& settings) {
    run_log out(settings, new_run_id());
    for (const auto& mistake : mistakes)
        out.log->error("config.mistake", mistake, {{"error.type", "usage"}, {"exit_code", exit_code::usage}});
    summary_facts facts;
    facts.exit_code = exit_code::usage;
    facts.command = info_of(what.command).name;
    facts.error_type = "usage";
    facts.error = fmt::format("{}", fmt::join(mistakes, "\n"));
    metrics_delivery metrics(*out.log);
    leave_traces(settings, facts, metrics, async::deadline::after(metrics_patience), *out.log);
    log_summary(*out.log, facts);
    return exit_code::usage;
}

} // namespace app
