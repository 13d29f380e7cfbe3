#include "app/run/archive_work.hpp"

#include "app/cli/commands.hpp"
#include "app/observe/run_id.hpp"
#include "app/run/loop_run.hpp"
#include "app/text/render_erasure.hpp"
#include "app/text/terminal.hpp"
#include "archive/plan/memory_budget.hpp"

namespace app {

namespace {

progress_display::style style_of(const run_log& out, command asked, async::log_level level) {
    const auto usual = usual_style(out, level);
    // Their lines may reach the terminal through a pipe: `cat | head`.
    const bool between_rows = (asked == command::cat || asked == command::check) && !is_file(stream::output);
    return usual == progress_display::style::bar && between_rows ? progress_display::style::lines : usual;
}

} // namespace

archive_work::archive_work(const command_line& request, const configuration& settings, run_frame& frame)
    : request_(request)
    , settings_(settings)
    , out_(frame.out())
    , connections_(loop_.get_executor(), settings, lake_place{settings.container, settings.job.folder},
                   frame.blocking_calls(), frame.log())
    , pages_(loop_.get_executor(), archive::memory_for_rows(settings.job.memory_bytes, settings.job.parallel))
    , context_{settings.job,
               connections_.database_options(),
               connections_.helper(),
               connections_.folder(),
               connections_.retries(),
               pages_,
               frame.log(),
               stop_,
               report_,
               frame.run_id(),
               [] { return random_hex(28); }}
    , display_(loop_.get_executor(), style_of(out_, request.command, settings.level),
               {[this] { return shown_facts(); },
                [this, &frame](const progress_pace& pace) { log_progress(frame.log(), report_, pace); }},
               standard_error())
    , guard_(loop_.get_executor(), stop_, frame.log())
    , printing_(frame.blocking_calls()) {
    out_.display = &display_;
    connections_.folder().bound_rows(settings.job.memory_bytes);
}

archive_work::~archive_work() { out_.display = nullptr; }

work_end archive_work::run() {
    loop_hooks hooks{[this](int number) { stop(number); }, [this] { display_.show_now(); },
                     [this] {
                         display_.stop();
                         connections_.close();
                     }};
    display_.start();
    auto end = run_stoppable(loop_, work(), stop_, guard_, std::move(hooks));
    end.exit_code = answer_.exit_code;
    return end;
}

async::awaitable<void> archive_work::work() {
    if (is_inquiry(request_.command))
        return ask();
    if (request_.command == command::archive)
        return archive::archive_rows(context_);
    if (request_.command == command::restore)
        return archive::restore_days(context_, request_.restore);
    if (request_.command == command::erase)
        return erase();
    if (request_.adopt)
        return archive::adopt_folder(context_);
    if (!request_.keep.empty())
        return archive::recover_file(context_, request_.keep, archive::verdict::keep);
    if (!request_.discard.empty())
        return archive::recover_file(context_, request_.discard, archive::verdict::discard);
    return archive::recover_files(context_);
}

async::awaitable<void> archive_work::ask() {
    const inquiry_context context{settings_, connections_.database(), connections_.folder(), report_,
                                  printing_};
    answer_ = co_await inquire(request_, context);
}

async::awaitable<void> archive_work::erase() {
    const auto did = co_await archive::erase_rows(context_, request_.erase);
    answer_.text =
        render_erasure(did, request_.erase, context_.run_id, request_.output, width_of(stream::output));
}

// `cat` reads files as `verify` does, but proves nothing.
progress_facts archive_work::shown_facts() const {
    auto facts = facts_of(report_);
    if (request_.command == command::cat && report_.phase == archive::run_phase::verifying)
        facts.phase = "reading";
    return facts;
}

void archive_work::stop(int number) {
    std::string_view what =
        "stopping: rolling back the transaction and the uploaded files, unless COMMIT was "
        "sent: then its answer is awaited";
    if (only_looks(request_))
        what = "stopping";
    else if (request_.command == command::restore)
        what = "stopping: rolling back the transaction, unless COMMIT was sent: then its answer is awaited";
    else if (request_.command == command::erase)
        what = "stopping: what is erased stays erased; run the same command again for the rest";
    guard_.stop(number, what, archive::to_string(report_.phase));
}

} // namespace app
