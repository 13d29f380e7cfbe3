#include "app/run/start/run_exports.hpp"

#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/observe/export_metrics.hpp"
#include "app/observe/export_summary.hpp"
#include "app/run/exports/export_machine.hpp"
#include "app/run/exports/export_work.hpp"
#include "app/run/run_frame.hpp"
#include "app/text/render.hpp"
#include "app/text/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace app {

namespace {

class export_command : public framed_command {
  public:
    // On a terminal `check` prints its answer alone.
    export_command(const command_line& request, const configuration& settings, const run_log& out)
        : request_(request)
        , settings_(settings)
        , brief_(out.text && request.command == command::check) {
        facts_.command = info_of(request.command).name;
        facts_.dry_run = settings.exporting.dry_run;
    }

    void log_begin(async::log& log) const {
        if (!brief_)
            log_exports_start(log, facts_.command, settings_);
    }

    [[nodiscard]] work_end work(run_frame& frame) override {
        export_work work(request_, settings_, frame);
        auto end = work.run();
        facts_.reports = work.reports();
        facts_.files_settled = work.files_settled();
        facts_.costs = work.costs();
        end.exit_code = exit_code_of(facts_.reports);
        if (request_.command == command::check) {
            end.exit_code = work.answer().exit_code;
            frame.print(end, work.answer().text, reader::may_leave);
        } else if (request_.command == command::export_tasks)
            frame.print(
                end, render_exports(facts_.reports, work.place(), request_.output, width_of(stream::output)));
        else if (!end.failed && request_.output == output_format::json)
            frame.print(end, fmt::format(R"({{"schema":"event-archiver/recover/v1","files_settled":{}}})"
                                         "\n",
                                         facts_.files_settled));
        return end;
    }

    void ended(const run_outcome& outcome) override {
        facts_.exit_code = outcome.exit_code;
        facts_.failed = outcome.failed;
        facts_.duration = outcome.duration;
    }

    [[nodiscard]] std::optional<std::vector<telemetry::metric>> metrics() const override {
        if (request_.command != command::export_tasks || facts_.dry_run)
            return std::nullopt;
        return metrics_of(facts_.reports);
    }

    [[nodiscard]] std::string sentence() const override { return sentence_of(facts_); }

    void log_summary(async::log& log) const override {
        if (!brief_)
            app::log_summary(log, facts_);
    }

  private:
    const command_line& request_;
    const configuration& settings_;
    bool brief_;
    export_summary facts_;
};

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

int run_exports(const command_line& request, const configuration& settings) {
    run_frame frame(settings);
    export_command asked(request, settings, frame.out());
    asked.log_begin(frame.log());
    return frame.run(asked);
}

} // namespace app
