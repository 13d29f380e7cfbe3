#include "app/serve/server/check_server.hpp"

#include "app/observe/plain_summary.hpp"
#include "app/run/check_printer.hpp"
#include "app/run/connections.hpp"
#include "app/run/journal/open_journal.hpp"
#include "app/run/loop_run.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "app/serve/server/server_checks.hpp"
#include "async/caught.hpp"
#include "async/stop.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace app {

namespace {

using async::awaitable;
using check_lines = std::vector<archive::check_line>;

class server_check : public framed_command {
  public:
    server_check(const command_line& request, const configuration& settings, const run_log& out)
        : request_(request)
        , settings_(settings)
        , brief_(out.text) {
        facts_.command = "check";
    }

    [[nodiscard]] bool has_trace() const override { return false; }

    [[nodiscard]] work_end work(run_frame& frame) override {
        boost::asio::io_context loop{1};
        async::stop_source stop;
        stop_guard guard(loop.get_executor(), stop, frame.log());
        connections to(loop.get_executor(), settings_, std::nullopt, frame.blocking_calls(), frame.log());
        loop_hooks hooks{[&guard](int number) { guard.stop(number, "stopping", "checking"); }, [] {},
                         [&to] { to.close(); }};
        auto end = run_stoppable(loop, check(loop, to, frame), stop, guard, std::move(hooks));
        end.exit_code = answer_.exit_code;
        frame.print(end, answer_.text, reader::may_leave);
        return end;
    }

    [[nodiscard]] std::string_view stopped_sentence() const override {
        return "stopped by a signal; nothing was changed";
    }

    void ended(const run_outcome& outcome) override {
        facts_.exit_code = outcome.exit_code;
        facts_.duration = outcome.duration;
        facts_.failed = outcome.failed;
    }

    [[nodiscard]] std::string sentence() const override { return "the server's preconditions were checked"; }

    void log_summary(async::log& log) const override {
        if (!brief_)
            app::log_summary(log, facts_, facts_.failed.message.empty() ? sentence() : facts_.failed.message);
    }

  private:
    [[nodiscard]] awaitable<void> check(boost::asio::io_context& loop, connections& to, run_frame& frame) {
        std::unique_ptr<events::journal> journal;
        if (settings_.serving.has_journal() && !settings_.journal.none)
            journal = open_journal(loop.get_executor(), settings_, journal_use::look, frame.blocking_calls(),
                                   frame.log());
        std::function<events::journal*()> opened = [&journal] { return journal.get(); };
        co_await closing_after(look(journal.get(), to, frame), frame.log(), std::move(opened));
    }

    [[nodiscard]] awaitable<void> look(events::journal* journal, connections& to, run_frame& frame) {
        constexpr std::size_t name_width = 20; // a longer name stands alone on its line
        check_printer printer(frame.blocking_calls(), request_.output, name_width);
        server_check_context context{settings_, journal, to.database(), frame.blocking_calls(), {}};
        context.ended = [&printer](const check_lines& lines) { return printer.show(lines); };
        const auto lines = co_await check_server(std::move(context));
        answer_ = printer.finish(lines);
    }

    const command_line& request_;
    const configuration& settings_;
    bool brief_;
    plain_summary facts_;
    inquiry_answer answer_;
};

} // namespace

int check_server(const command_line& request, const configuration& settings) {
    run_frame frame(settings);
    server_check asked(request, settings, frame.out());
    return frame.run(asked);
}

} // namespace app
