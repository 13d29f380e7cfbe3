#include "app/run/export_work.hpp"

#include "app/cli/commands.hpp"
#include "app/run/loop_run.hpp"
#include "app/settings/nearest.hpp"
#include "async/error.hpp"
#include "async/quotable.hpp"
#include "exports/task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

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

configuration with_boundary(configuration settings, const command_line& request) {
    settings.exporting.boundary = request.boundary;
    return settings;
}

} // namespace

export_work::export_work(const command_line& request, const configuration& settings, run_frame& frame)
    : request_(request)
    , log_(frame.log())
    , settings_(with_boundary(settings, request))
    , machine_(loop_.get_executor(), settings_, stop_, frame.blocking_calls(), log_, frame.run_id())
    , guard_(loop_.get_executor(), stop_, log_) {}

work_end export_work::run() {
    loop_hooks hooks{
        [this](int number) {
            guard_.stop(number, "stopping: rolling back the transaction and removing its file", task_);
        },
        [this] {
            log_.info("progress", "an export is at work", {{"task", task_}, {"tasks_done", reports_.size()}});
        },
        [this] {
            guard_.disarm();
            machine_.close();
        }};
    work_end end;
    end.failed = run_loop(loop_, work(), stop_.slot(), std::move(hooks));
    end.stopped_by = stop_.signal_number();
    end.leave_by = guard_.deadline();
    return end;
}

awaitable<void> export_work::work() {
    if (request_.command == command::recover) {
        co_await recover();
        co_return;
    }
    auto there = co_await machine_.tasks().all();
    const auto chosen = choose(std::move(there), request_.tasks, settings_.exporting.tasks.string());
    for (const auto& each : chosen) {
        task_ = each.name;
        auto report = co_await machine_.exporter().run(each);
        files_settled_ += report.files_settled;
        reports_.push_back(std::move(report));
        if (stop_.requested())
            async::throw_cancelled();
    }
}

awaitable<void> export_work::recover() {
    auto& exporter = machine_.exporter();
    if (request_.adopt)
        co_await exporter.adopt();
    else if (!request_.keep.empty())
        co_await exporter.recover_file(request_.keep, exports::verdict::keep);
    else if (!request_.discard.empty())
        co_await exporter.recover_file(request_.discard, exports::verdict::discard);
    else
        files_settled_ = co_await exporter.recover();
}

} // namespace app
