#include "app/run/start/offer_names.hpp"

#include "app/run/connections.hpp"
#include "app/run/journal/open_journal.hpp"
#include "app/run/loop_run.hpp"
#include "app/run/projections/projections_of.hpp"
#include "app/run/refusal.hpp"
#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "app/settings/sources.hpp"
#include "archive/look/folder_inventory.hpp"
#include "async/caught.hpp"
#include "async/race.hpp"
#include "exports/task/task.hpp"
#include "lake/day.hpp"
#include "lake/day_range.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace app {

namespace {

using async::awaitable;

constexpr std::chrono::seconds names_patience{3}; // a person waits at a prompt

purpose purpose_of_names(name_kind kind) noexcept {
    switch (kind) {
    case name_kind::topics:
        return purpose::journal;
    case name_kind::tasks:
        return purpose::exports;
    case name_kind::projections:
        return purpose::projecting;
    default:
        return purpose::inventory;
    }
}

// `recover --keep` and `--discard` are for the others.
bool is_settled(const archive::archived_file& file) noexcept {
    return file.state == archive::file_state::final || file.state == archive::file_state::held;
}

class names_command : public framed_command {
  public:
    names_command(name_kind kind, const configuration& settings)
        : kind_(kind)
        , settings_(settings) {}

    [[nodiscard]] bool has_trace() const override { return false; }

    [[nodiscard]] work_end work(run_frame& frame) override {
        boost::asio::io_context loop{1};
        async::stop_source stop;
        stop_guard guard(loop.get_executor(), stop, frame.log());
        auto end = run_stoppable(
            loop,
            async::with_deadline(look(frame), async::deadline::after(names_patience), "looking for names"),
            stop, guard, {[&guard](int number) { guard.stop(number, "stopping", "reading"); }, [] {}});
        frame.print(end, lines(), reader::may_leave);
        return end;
    }

    void ended(const run_outcome& /*outcome*/) override {}
    [[nodiscard]] std::string sentence() const override { return "names were looked for"; }
    void log_summary(async::log& /*log*/) const override {}

  private:
    [[nodiscard]] awaitable<void> look(run_frame& frame) {
        if (kind_ == name_kind::topics)
            return look_into_journal(frame);
        if (kind_ == name_kind::tasks || kind_ == name_kind::projections)
            return frame.blocking_calls().run([this] { read_directories(); });
        return look_into_folder(frame);
    }

    [[nodiscard]] awaitable<void> look_into_journal(run_frame& frame) {
        const auto executor = co_await boost::asio::this_coro::executor;
        const auto opened =
            open_journal(executor, settings_, journal_use::read, frame.blocking_calls(), frame.log());
        std::function<events::journal*()> there = [&opened] { return opened.get(); };
        co_await closing_after(list_topics(*opened), frame.log(), std::move(there));
    }

    [[nodiscard]] awaitable<void> list_topics(events::journal& journal) {
        names_ = co_await journal.topics();
    }

    [[nodiscard]] awaitable<void> look_into_folder(run_frame& frame) {
        const auto executor = co_await boost::asio::this_coro::executor;
        connections to(executor, settings_, lake_place{settings_.container, settings_.job.folder},
                       frame.blocking_calls(), frame.log());
        const lake::day_range all;
        const std::string at_any_time;
        const auto looked = co_await async::outcome_of(archive::look_into(to.folder(), all, at_any_time));
        to.close();
        if (looked.failed)
            std::rethrow_exception(looked.failed);
        if (!*looked.value) // no container
            co_return;
        for (const auto& file : (*looked.value)->files)
            if (kind_ == name_kind::days)
                names_.push_back(file.which.text());
            else if (!is_settled(file))
                names_.emplace_back(lake::name_alone(file.name));
    }

    void read_directories() {
        if (kind_ == name_kind::projections)
            names_ = names_of(all_projections(settings_));
        else
            for (const auto& task : exports::read_tasks(settings_.exporting.tasks))
                names_.push_back(task.name);
    }

    [[nodiscard]] std::string lines() const {
        std::string text;
        for (const auto& name : names_)
            text += name + "\n";
        return text;
    }

    name_kind kind_;
    const configuration& settings_;
    std::vector<std::string> names_;
};

} // namespace

int offer_names(const command_line& request) {
    const auto environment = process_environment();
    auto checked = check(collect(request.flags, environment), environment, purpose_of_names(request.names));
    auto& settings = checked.value;
    settings.level = async::log_level::error;
    settings.retries = 0;
    settings.termination_log = "/dev/null"; // the message there is of a run
    // Names of directories need no database, and its setting may be missing.
    const bool in_directories = request.names == name_kind::tasks || request.names == name_kind::projections;
    if (!checked.mistakes.empty() && !in_directories)
        return refuse(request, checked.mistakes, settings);
    names_command asked(request.names, settings);
    run_frame frame(settings);
    return frame.run(asked);
}

} // namespace app
