#include "app/run/start/runner.hpp"

#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/observe/metrics_delivery.hpp"
#include "app/observe/run_json.hpp"
#include "app/observe/summary.hpp"
#include "app/page/report_file.hpp"
#include "app/page/run_page.hpp"
#include "app/run/archive_work.hpp"
#include "app/run/clear_text.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/unheeded.hpp"
#include "db/conninfo.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <vector>

namespace app {

namespace {

// Logs the run's identity at the storage account, and at the database if it is the same.
void log_identity(async::log& log, const configuration& settings, bool of_a_database) {
    const std::string_view identity =
        settings.identity ? azure::to_string(settings.identity->kind) : std::string_view();
    const auto lake = lake_identity(settings);
    const auto client = settings.identity ? settings.identity->client : std::string();
    std::vector<async::log_field> fields{{"azure.identity", lake}, {"azure.client_id", client}};
    if (of_a_database)
        fields.emplace_back("database_auth", settings.database_by_identity ? identity : "password");
    log.info("azure.identity", fmt::format("signing in to the storage account by {}", lake),
             std::span<const async::log_field>(fields));
}

void log_start(async::log& log, const command_line& request, const configuration& settings) {
    const auto begun = request.command;
    const bool of_a_database = !settings.database.empty(); // `list` and `cat` can do without
    // The fields refer to the texts above.
    const auto database = of_a_database ? db::describe_conninfo(settings.database) : std::string();
    const auto path = archive_path(settings);
    std::vector<async::log_field> fields{{"version", EVENT_ARCHIVER_VERSION}};
    if (of_a_database)
        fields.emplace_back("database", database);
    fields.emplace_back("account", settings.account.name);
    fields.emplace_back("path", path);
    if (of_a_database)
        fields.emplace_back("table", settings.job.table);
    if (!request.restore.into.empty())
        fields.emplace_back("into", request.restore.into);
    if (begun != command::list && begun != command::cat) {
        fields.emplace_back("retention", settings.job.retention.interval);
        fields.emplace_back("dry_run", settings.job.dry_run);
    }
    log.info("run.start", fmt::format("{} begins", info_of(begun).name),
             std::span<const async::log_field>(fields));
    log_identity(log, settings, of_a_database);
}

class archive_command : public framed_command {
  public:
    // On a terminal an inquiry prints its answer only; otherwise it logs like any run.
    archive_command(const command_line& request, const configuration& settings, const run_log& out)
        : request_(request)
        , settings_(settings)
        , inquiry_(is_inquiry(request.command))
        , brief_(out.text && inquiry_) {
        facts_.command = info_of(request.command).name;
        facts_.dry_run = settings.job.dry_run || (request.command == command::erase && !request.erase.yes);
        facts_.inquiry = inquiry_;
    }

    void log_begin(async::log& log) const {
        if (!brief_)
            log_start(log, request_, settings_);
        warn_of_unheeded(settings_, log);
        warn_of_clear_text(settings_, log);
    }

    [[nodiscard]] work_end work(run_frame& frame) override {
        if (!settings_.report.empty())
            page_.emplace(settings_.report, frame.log()); // before anything moves
        run_id_ = frame.run_id();
        auto end = do_work(frame);
        if (!end.failed)
            end.exit_code = answer_.exit_code;
        if (!inquiry_ && !end.failed && answer_.text.empty() && request_.output == output_format::json)
            answer_.text = run_document(facts_);
        frame.print(end, answer_.text, inquiry_ ? reader::may_leave : reader::to_the_end);
        return end;
    }

    [[nodiscard]] std::string_view stopped_sentence() const override {
        return only_looks(request_) ? "stopped by a signal; nothing was changed"
                                    : framed_command::stopped_sentence();
    }

    void ended(const run_outcome& outcome) override {
        facts_.by_phase = facts_.report.time_by_phase();
        if (outcome.succeeded)
            facts_.report.enter(archive::run_phase::done);
        facts_.exit_code = outcome.exit_code;
        facts_.error = outcome.failed.message;
        facts_.error_type = outcome.failed.type;
        facts_.hint = outcome.failed.hint;
        facts_.duration = outcome.duration;
        // Of the inquiries only `list` has a page.
        if (page_ && answer_.page)
            page_->write(*answer_.page);
        else if (page_ && !inquiry_)
            page_->write(page_of_run(settings_, facts_, page_->timeline(), run_id_));
    }

    [[nodiscard]] std::optional<std::vector<telemetry::metric>> metrics() const override {
        if (request_.command != command::archive || facts_.dry_run)
            return std::nullopt;
        return metrics_of(facts_);
    }

    [[nodiscard]] std::string sentence() const override { return sentence_of(facts_); }

    void log_summary(async::log& log) const override {
        if (!brief_)
            app::log_summary(log, facts_);
    }

  private:
    // No work of it is left when this returns.
    [[nodiscard]] work_end do_work(run_frame& frame) {
        archive_work work(request_, settings_, frame);
        auto end = work.run();
        facts_.report = work.report();
        facts_.costs = work.costs();
        answer_ = work.answer();
        return end;
    }

    const command_line& request_;
    const configuration& settings_;
    bool inquiry_;
    bool brief_;
    summary_facts facts_;
    inquiry_answer answer_;
    std::string run_id_;
    std::optional<report_file> page_;
};

} // namespace

int run(const command_line& request, const configuration& settings) {
    run_frame frame(settings);
    archive_command asked(request, settings, frame.out());
    asked.log_begin(frame.log());
    return frame.run(asked);
}

} // namespace app
