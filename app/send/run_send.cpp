#include "app/send/run_send.hpp"

#include "app/observe/plain_summary.hpp"
#include "app/send/send_work.hpp"
#include "app/text/terminal.hpp"
#include "app/text/units.hpp"
#include "app/text/wrap.hpp"

#include <fmt/format.h>

#include <string>

namespace app {

namespace {

class send_command : public framed_command {
  public:
    send_command(const send_request& request, const configuration& settings)
        : request_(request)
        , settings_(settings) {
        facts_.command = info_of(command::send).name;
    }

    [[nodiscard]] bool has_trace() const override { return false; }

    [[nodiscard]] work_end work(run_frame& frame) override {
        warn_of_clear_text(frame.log());
        send_work work(request_, settings_, frame);
        auto end = work.run();
        report_ = work.report();
        costs_ = work.costs();
        if (!is_in_the_log(frame))
            frame.print(end, wrapped_lines(sentence() + "\n", width_of(stream::output)));
        return end;
    }

    [[nodiscard]] std::string_view stopped_sentence() const override {
        return "stopped by a signal; the next run goes on behind what was accepted";
    }

    void ended(const run_outcome& outcome) override {
        facts_.exit_code = outcome.exit_code;
        facts_.duration = outcome.duration;
        facts_.failed = outcome.failed;
    }

    [[nodiscard]] std::string sentence() const override {
        auto text = fmt::format("sent {} of '{}'", counted(report_.events, "event"), request_.file);
        if (report_.left_out > 0)
            text += fmt::format("; left out {} that {} no event", counted(report_.left_out, "line"),
                                report_.left_out == 1 ? "is" : "are");
        return text;
    }

    void log_summary(async::log& log) const override {
        app::log_summary(log, facts_, facts_.failed.message.empty() ? sentence() : facts_.failed.message,
                         {{"events", report_.events},
                          {"lines_left_out", report_.left_out},
                          {"passes", report_.passes},
                          {"requests", costs_.requests},
                          {"retries", costs_.retries},
                          {"bytes_sent", costs_.bytes_sent}});
    }

  private:
    // On a terminal, the last line of the log has the same sentence.
    [[nodiscard]] static bool is_in_the_log(run_frame& frame) {
        return frame.out().text && frame.log().enabled(async::log_level::warn) &&
               is_terminal(stream::output) && is_terminal(stream::error);
    }

    void warn_of_clear_text(async::log& log) const {
        if (!request_.server.tls && !http::is_loopback(request_.server))
            log.warn("send.clear_text", "events and the secret go there in clear text",
                     {{"to", http::authority(request_.server)}});
    }

    const send_request& request_;
    const configuration& settings_;
    plain_summary facts_;
    send_report report_;
    run_costs costs_;
};

} // namespace

int run_send(const command_line& request, const configuration& settings) {
    run_frame frame(settings, process_id::shown);
    send_command asked(request.send, settings);
    return frame.run(asked);
}

} // namespace app
