#include "app/run/refusal.hpp"

#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/observe/metrics_delivery.hpp"
#include "app/observe/summary.hpp"
#include "app/run/run_frame.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace app {

namespace {

class refused_command : public framed_command {
  public:
    refused_command(command refused, const std::vector<std::string>& mistakes, bool text)
        : command_(refused)
        , mistakes_(mistakes)
        , brief_(text)
        , told_(text && refused == command::check) {
        facts_.command = info_of(refused).name;
        facts_.error_type = "usage";
    }

    [[nodiscard]] bool has_trace() const override { return false; }

    [[nodiscard]] work_end work(run_frame& frame) override {
        for (const auto& mistake : told_ ? std::vector<std::string>() : mistakes_)
            frame.log().error("config.mistake", mistake,
                              {{"error.type", "usage"}, {"exit_code", exit_code::usage}});
        return {.exit_code = exit_code::usage};
    }

    void ended(const run_outcome& outcome) override { facts_.exit_code = outcome.exit_code; }

    [[nodiscard]] std::optional<std::vector<telemetry::metric>> metrics() const override {
        if (command_ == command::archive)
            return metrics_of(facts_);
        if (command_ == command::export_tasks)
            return std::vector<telemetry::metric>{};
        return std::nullopt;
    }

    [[nodiscard]] std::string sentence() const override {
        return fmt::format("{}", fmt::join(mistakes_, "\n"));
    }

    void log_summary(async::log& log) const override {
        if (!brief_)
            app::log_summary(log, facts_);
    }

  private:
    command command_;
    const std::vector<std::string>& mistakes_;
    bool brief_;
    bool told_; // `check` has printed them as lines of its answer
    summary_facts facts_;
};

} // namespace

int refuse(const command_line& request, const std::vector<std::string>& mistakes,
           const configuration& settings) {
    run_frame frame(settings);
    refused_command refused(request.command, mistakes, frame.out().text);
    return frame.run(refused);
}

} // namespace app
