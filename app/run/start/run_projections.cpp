#include "app/run/start/run_projections.hpp"

#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"
#include "app/observe/plain_summary.hpp"
#include "app/observe/projection_metrics.hpp"
#include "app/run/background.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/unheeded.hpp"
#include "app/text/units.hpp"
#include "db/conninfo.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace app {

namespace {

class projection_command : public framed_command {
  public:
    // On a terminal only the answer is printed; elsewhere the log is that of any run.
    projection_command(const command_line& request, const configuration& settings, const run_log& out,
                       background_start* background, health_server health)
        : request_(request)
        , settings_(settings)
        , background_(background)
        , health_(std::move(health))
        , brief_(out.text && request.command != command::project) {
        facts_.command = info_of(request.command).name;
    }

    void log_begin(async::log& log) const {
        warn_of_unheeded(settings_, log);
        if (brief_)
            return;
        const auto& journal = settings_.journal;
        log.info(
            "run.start", fmt::format("{} begins", facts_.command),
            {{"version", EVENT_ARCHIVER_VERSION},
             {"database", db::describe_conninfo(settings_.database)},
             {"journal", journal.in_kafka() ? "kafka://" + journal.brokers : journal.directory.string()}});
    }

    [[nodiscard]] bool has_trace() const override { return false; }

    [[nodiscard]] work_end work(run_frame& frame) override {
        const std::function<void()> prepared = [this] {
            if (background_ != nullptr)
                background_->begun();
        };
        projection_work work(request_, settings_, frame, prepared, health_);
        auto end = work.run();
        for (const auto& each : work.progress()) {
            events_ += each.events;
            dead_letters_ += each.dead_letters;
        }
        metrics_ = metrics_of(work.progress(), std::chrono::system_clock::now());
        frame.print(end, work.answer(),
                    request_.command == command::check ? reader::may_leave : reader::to_the_end);
        return end;
    }

    void ended(const run_outcome& outcome) override {
        facts_.exit_code = outcome.exit_code;
        facts_.duration = outcome.duration;
        facts_.failed = outcome.failed;
    }

    [[nodiscard]] std::optional<std::vector<telemetry::metric>> metrics() const override {
        return request_.command == command::project ? std::optional(metrics_) : std::nullopt;
    }

    [[nodiscard]] std::string sentence() const override {
        if (!facts_.failed.message.empty())
            return facts_.failed.message;
        if (request_.command != command::project)
            return fmt::format("{} is done", facts_.command);
        auto sentence = fmt::format("applied {}", counted(events_, "event"));
        if (dead_letters_ > 0)
            sentence += fmt::format(", {} of them dead letters", dead_letters_);
        return sentence;
    }

    void log_summary(async::log& log) const override {
        if (!brief_)
            app::log_summary(log, facts_, sentence(), {{"events", events_}, {"dead_letters", dead_letters_}});
    }

  private:
    const command_line& request_;
    const configuration& settings_;
    background_start* background_;
    health_server health_;
    bool brief_;
    plain_summary facts_;
    std::vector<telemetry::metric> metrics_;
    std::uint64_t events_ = 0;
    std::uint64_t dead_letters_ = 0;
};

} // namespace

int run_projections(const command_line& request, const configuration& settings, health_server health) {
    // Before there is a loop or a thread.
    std::optional<background_start> background;
    if (request.projection.detach) {
        background.emplace();
        if (background->is_parent())
            return background->wait();
    }
    run_frame frame(settings, request.command == command::project ? process_id::shown : process_id::left_out);
    projection_command asked(request, settings, frame.out(), background ? &*background : nullptr,
                             std::move(health));
    asked.log_begin(frame.log());
    const auto code = frame.run(asked);
    if (background)
        background->ended(code);
    return code;
}

} // namespace app
