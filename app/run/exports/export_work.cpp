#include "app/run/exports/export_work.hpp"

#include "app/cli/commands.hpp"
#include "app/run/check_printer.hpp"
#include "app/run/exports/export_checks.hpp"
#include "app/run/loop_run.hpp"
#include "app/settings/nearest.hpp"
#include "async/error.hpp"
#include "async/quotable.hpp"
#include "exports/task/task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace app {

namespace {

using async::awaitable;
using async::failure;

// The tasks that were asked for. Throws async::error(usage) for a task that does not exist.
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

// No later run of theirs settles them.
void warn_of_left_files(const std::vector<exports::task_report>& reports,
                        const std::vector<exports::task>& there, async::log& log) {
    std::set<std::string> orphans;
    for (const auto& report : reports)
        orphans.insert(report.left.begin(), report.left.end());
    for (const auto& task : there)
        orphans.erase(task.name);
    for (const auto& name : orphans)
        log.warn(
            "export.left_behind",
            "an interrupted run left a file of a task that is not there, and it may be the only copy of its"
            " rows: `event-archiver recover --exports` keeps or removes it",
            {{"task", name}});
}

// A mistake in a setting or flag that only the database could find, as a --boundary in the future.
bool is_of_settings(const exports::task_report& report) noexcept {
    return report.failed() && report.kind == failure::usage;
}

progress_display::style style_of_exports(const run_log& out, command asked, async::log_level level) {
    return asked == command::check ? progress_display::style::on_request : usual_style(out, level);
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
    , guard_(loop_.get_executor(), stop_, log_)
    , out_(frame.out())
    , display_(loop_.get_executor(), style_of_exports(frame.out(), request.command, settings.level),
               {[this] { return facts(); }, [this](const progress_pace& pace) { log_progress(pace); }},
               standard_error())
    , printing_(frame.blocking_calls()) {
    out_.display = &display_;
}

export_work::~export_work() { out_.display = nullptr; }

progress_facts export_work::facts() const {
    progress_facts facts;
    facts.phase = "exporting";
    facts.moves_rows = true;
    facts.rows = machine_.progress().rows;
    facts.bytes = machine_.progress().bytes;
    facts.counts =
        tasks_chosen_ < 2 ? task_ : fmt::format("task {}/{} {}", reports_.size() + 1, tasks_chosen_, task_);
    facts.in_phase = std::chrono::steady_clock::now() - task_began_;
    return facts;
}

void export_work::log_progress(const progress_pace& pace) {
    std::vector<async::log_field> fields{{"task", task_},
                                         {"tasks_done", reports_.size()},
                                         {"tasks", tasks_chosen_},
                                         {"rows", machine_.progress().rows},
                                         {"bytes", machine_.progress().bytes}};
    if (pace.speed)
        fields.emplace_back("bytes_per_second", static_cast<std::uint64_t>(*pace.speed));
    log_.info("progress", "an export is at work", std::span<const async::log_field>(fields));
}

work_end export_work::run() {
    loop_hooks hooks{[this](int number) {
                         guard_.stop(number,
                                     "stopping: rolling back the transaction and removing its file, unless"
                                     " COMMIT was sent: then its answer is awaited",
                                     task_);
                     },
                     [this] { display_.show_now(); },
                     [this] {
                         display_.stop();
                         machine_.close();
                     }};
    display_.start();
    return run_stoppable(loop_, work(), stop_, guard_, std::move(hooks));
}

awaitable<void> export_work::work() {
    if (request_.command == command::recover) {
        co_await recover();
        co_return;
    }
    if (request_.command == command::check) {
        co_await check();
        co_return;
    }
    const auto there = co_await machine_.tasks().all();
    const auto chosen = choose(there, request_.tasks, settings_.exporting.tasks.string());
    tasks_chosen_ = chosen.size();
    for (const auto& each : chosen) {
        task_ = each.name;
        task_began_ = std::chrono::steady_clock::now();
        auto report = co_await machine_.exporter().run(each);
        files_settled_ += report.files_settled;
        reports_.push_back(std::move(report));
        if (stop_.requested())
            async::throw_cancelled();
        if (is_of_settings(reports_.back())) // the other tasks would fail in the same way
            break;
    }
    warn_of_left_files(reports_, there, log_);
}

awaitable<void> export_work::check() {
    check_printer printer(printing_, request_.output);
    export_check_context context{settings_, machine_, {}};
    context.ended = [&printer](const std::vector<archive::check_line>& lines) { return printer.show(lines); };
    const auto lines = co_await check_exports(std::move(context));
    answer_ = printer.finish(lines);
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
