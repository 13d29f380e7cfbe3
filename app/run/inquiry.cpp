#include "app/run/inquiry.hpp"

#include "app/cli/exit_code.hpp"
#include "app/observe/run_id.hpp"
#include "app/page/list_page.hpp"
#include "app/run/check_printer.hpp"
#include "app/run/clear_text.hpp"
#include "app/run/print_lines.hpp"
#include "app/run/storage_grant.hpp"
#include "app/text/render.hpp"
#include "app/text/terminal.hpp"
#include "app/text/units.hpp"
#include "archive/look/folder_inventory.hpp"
#include "archive/look/owner_look.hpp"
#include "async/utc_time.hpp"
#include "db/conninfo.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <chrono>

namespace app {

namespace {

using async::awaitable;

// For the summary.
void note(archive::run_report& report, std::uint64_t days, std::uint64_t rows, std::uint64_t bytes) {
    report.days = days;
    report.rows = rows;
    report.bytes = bytes;
}

awaitable<inquiry_answer> plan(const command_line& request, inquiry_context context) {
    const archive::look_context look{context.settings.job, context.database, context.lake, context.report};
    auto found = co_await archive::look_ahead(look);
    if (!context.not_ours.empty())
        found.refusals.insert(found.refusals.begin(), context.not_ours);
    context.report.cutoff = found.cutoff;
    note(context.report, found.days.size(), found.rows, found.bytes);
    co_return inquiry_answer{render_plan(found, request.output, width_of(stream::output)), exit_code::done};
}

awaitable<inquiry_answer> list(const command_line& request, inquiry_context context) {
    const auto looked =
        co_await archive::look_into(context.lake, request.days, async::utc_text(async::this_second()));
    if (!looked)
        throw async::error(async::failure::precondition,
                           fmt::format("there is no container '{}'", context.settings.container),
                           "Check ARCHIVE_PATH; the first `event-archiver archive` creates it.");
    const auto& found = *looked;
    note(context.report, found.days, found.rows, found.bytes);
    inquiry_answer answer;
    const auto path = archive_path(context.settings);
    answer.text = request.calendar
                      ? render_calendar(found, {unicode_wanted(), colour_wanted(stream::output)})
                      : render_list(found, path, request.output, width_of(stream::output), request.days);
    answer.page = page_of_inventory(found, path);
    co_return answer;
}

awaitable<inquiry_answer> verify(const command_line& request, inquiry_context context) {
    const auto executor = co_await async::asio::this_coro::executor;
    const archive::verify_context look{context.settings.job, context.database, context.lake, context.report};
    archive::verifier verifier(executor, look);
    const auto found = co_await verifier.verify(request.days, request.against);
    note(context.report, found.files.size(), found.rows, found.bytes);
    co_return inquiry_answer{render_verification(found, archive_path(context.settings), request.output,
                                                 width_of(stream::output), request.days),
                             found.differences == 0 ? exit_code::done : exit_code::integrity};
}

awaitable<inquiry_answer> check_all(const command_line& request, inquiry_context context) {
    const auto& settings = context.settings;
    db::link_facts link;
    auto options = context.database.options;
    options.opened = [&link](const db::link_facts& made) { link = made; };
    const db::database_access database{options, context.database.helper, context.database.log};
    archive::preflight_context look{settings.job, database, context.lake, {}, {}, random_hex(12)};
    look.database_name = db::describe_conninfo(settings.database);
    look.account = fmt::format("account '{}', by {}", settings.account.name, lake_identity(settings));
    look.grant = storage_grant(settings, settings.container);
    look.aim = request.checking == check_aim::restore ? archive::preflight_aim::restore
                                                      : archive::preflight_aim::archive;
    look.link = [&link] { return judge_encryption(link); };
    check_printer printer(context.printing, request.output);
    look.ended = [&printer](const std::vector<archive::check_line>& lines) { return printer.show(lines); };
    const auto lines = co_await archive::preflight(look);
    co_return printer.finish(lines);
}

awaitable<inquiry_answer> cat(const command_line& request, inquiry_context context) {
    const archive::line_sink sink = [&context](std::string lines) {
        return print_lines(context.printing, std::move(lines));
    };
    const archive::cat_context look{context.settings.job, context.database, context.lake, context.report};
    archive::day_printer printer(look, request.cat, sink);
    co_await printer.print();
    co_return inquiry_answer{};
}

using question = awaitable<inquiry_answer> (*)(const command_line&, inquiry_context);

awaitable<inquiry_answer> of_whose_folder(const command_line& request, inquiry_context context,
                                          question asked, archive::database_need need) {
    context.report.enter(archive::run_phase::connecting);
    if (!context.settings.database.empty()) // `list` works without it
        context.not_ours =
            co_await archive::tell_owner(context.database, context.lake, context.settings.job, need);
    co_return co_await asked(request, context);
}

} // namespace

awaitable<inquiry_answer> inquire(const command_line& request, inquiry_context context) {
    switch (request.command) {
    case command::plan:
        return of_whose_folder(request, context, plan, archive::database_need::needed);
    case command::list:
        return of_whose_folder(request, context, list, archive::database_need::not_needed);
    case command::cat:
        return of_whose_folder(request, context, cat,
                               request.cat.where.empty() ? archive::database_need::not_needed
                                                         : archive::database_need::needed);
    case command::verify:
        return of_whose_folder(request, context, verify, archive::database_need::needed);
    case command::check:
        return check_all(request, context);
    default:
        break;
    }
    throw async::error(async::failure::internal, "not an inquiry");
}

inquiry_answer check_without_settings(const std::vector<std::string>& mistakes, output_format format) {
    std::vector<archive::check_line> lines;
    for (const auto& mistake : mistakes)
        lines.push_back({"settings", archive::check_status::failed, mistake, {}, async::failure::usage});
    return {render_checks(lines, exit_code::usage, format,
                          {width_of(stream::output), colour_wanted(stream::output)}),
            exit_code::usage};
}

} // namespace app
