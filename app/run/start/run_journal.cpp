#include "app/run/start/run_journal.hpp"

#include "app/cli/exit_code.hpp"
#include "app/observe/plain_summary.hpp"
#include "app/run/connections.hpp"
#include "app/run/journal/journal_inquiry.hpp"
#include "app/run/journal/journal_positions.hpp"
#include "app/run/journal/open_journal.hpp"
#include "app/run/loop_run.hpp"
#include "app/run/projections/projections_of.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "app/text/terminal.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/stop.hpp"
#include "db/session_scope.hpp"
#include "events/projection/follow/engine.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace app {

namespace {

using action = journal_request::action;

class journal_command : public framed_command {
  public:
    journal_command(const command_line& request, const configuration& settings, const run_log& out)
        : request_(request)
        , settings_(settings)
        , brief_(out.text) {
        facts_.command = info_of(request.command).name;
    }

    [[nodiscard]] bool has_trace() const override { return false; }

    [[nodiscard]] work_end work(run_frame& frame) override {
        boost::asio::io_context loop{1};
        async::stop_source stop;
        stop_guard guard(loop.get_executor(), stop, frame.log());
        auto end =
            run_stoppable(loop, answer(loop, frame), stop, guard,
                          {[&guard](int number) { guard.stop(number, "stopping", "reading"); }, [] {}});
        end.exit_code = exit_code_;
        frame.print(end, text_, reader::may_leave);
        return end;
    }

    void ended(const run_outcome& outcome) override {
        facts_.exit_code = outcome.exit_code;
        facts_.duration = outcome.duration;
        facts_.failed = outcome.failed;
    }

    [[nodiscard]] std::string sentence() const override { return "the journal was read"; }

    void log_summary(async::log& log) const override {
        if (!brief_)
            app::log_summary(log, facts_, facts_.failed.message.empty() ? sentence() : facts_.failed.message);
    }

  private:
    [[nodiscard]] async::awaitable<void> answer(boost::asio::io_context& loop, run_frame& frame) {
        auto opened = open(loop.get_executor(), frame);
        std::function<events::journal*()> there = [&opened] { return opened.get(); };
        co_await closing_after(look(*opened, frame), frame.log(), std::move(there));
    }

    [[nodiscard]] async::awaitable<void> look(events::journal& journal, run_frame& frame) {
        const auto& place = settings_.journal;
        const auto name = place.in_kafka() ? "kafka://" + place.brokers : place.directory.string();
        switch (request_.journal.what) {
        case action::list: {
            const auto found = co_await look_at_journal(journal);
            const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
            text_ = render_journal(found, name, now, request_.output);
            break;
        }
        case action::cat:
            co_await print_events(journal, request_.journal, frame.blocking_calls());
            break;
        case action::verify: {
            auto found = co_await verify_journal(journal);
            if (!settings_.database.empty())
                co_await compare(journal, frame, found);
            text_ = render_journal_verdicts(found, name, request_.output, width_of(stream::output));
            if (!std::ranges::all_of(found, [](const auto& each) { return each.error.empty(); }))
                exit_code_ = exit_code::integrity;
            break;
        }
        }
    }

    // With the positions of the projections that exist, in the configured group.
    [[nodiscard]] async::awaitable<void> compare(events::journal& log, run_frame& frame,
                                                 std::vector<partition_verdict>& found) {
        const auto executor = co_await boost::asio::this_coro::executor;
        auto names = std::make_shared<std::set<std::string>>();
        std::function<void()> reading = [names, &settings = settings_] {
            for (const auto& each : all_projections(settings))
                names->insert(events::position_name(each, settings.journal.group));
        };
        co_await frame.blocking_calls().run(std::move(reading));
        connections to(executor, settings_, std::nullopt, frame.blocking_calls(), frame.log());
        std::function<async::awaitable<void>(db::connection&)> body = [&log, &found,
                                                                       names](db::connection& session) {
            return compare_with_positions(session, log, *names, found);
        };
        const auto failed = co_await async::caught(db::with_session(to.database(), std::move(body)));
        to.close();
        if (failed)
            std::rethrow_exception(failed);
    }

    // A missing journal is an error; `journal verify` reports it as lost.
    [[nodiscard]] std::unique_ptr<events::journal> open(const boost::asio::any_io_executor& executor,
                                                        run_frame& frame) const {
        try {
            return open_journal(executor, settings_, journal_use::read, frame.blocking_calls(), frame.log());
        } catch (const async::error& failed) {
            if (request_.journal.what == action::verify && failed.kind() == async::failure::precondition)
                throw async::error(async::failure::integrity, failed.message(), failed.hint());
            throw;
        }
    }

    const command_line& request_;
    const configuration& settings_;
    bool brief_; // on a terminal only the answer is printed; otherwise it logs like any run
    plain_summary facts_;
    std::string text_;
    int exit_code_ = exit_code::done;
};

} // namespace

int run_journal(const command_line& request, const configuration& settings) {
    run_frame frame(settings);
    journal_command asked(request, settings, frame.out());
    return frame.run(asked);
}

} // namespace app
