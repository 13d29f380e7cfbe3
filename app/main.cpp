// Tested by tests/integration/test_command_line.py.
#include "app/cli/command_line.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/purpose.hpp"
#include "app/run/core_dumps.hpp"
#include "app/run/inquiry.hpp"
#include "app/run/refusal.hpp"
#include "app/run/start/offer_names.hpp"
#include "app/run/start/run_exports.hpp"
#include "app/run/start/run_journal.hpp"
#include "app/run/start/run_projections.hpp"
#include "app/run/start/runner.hpp"
#include "app/send/run_send.hpp"
#include "app/serve/server/check_server.hpp"
#include "app/serve/server/project_health.hpp"
#include "app/serve/server/serve.hpp"
#include "app/settings/configuration.hpp"
#include "app/settings/sources.hpp"
#include "app/settings/unknown_variables.hpp"
#include "app/text/show_config.hpp"
#include "app/text/terminal.hpp"
#include "app/text/version.hpp"
#include "app/text/wrap.hpp"
#include "async/stop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

// Best effort: if standard error fails, there is no other place for the message.
void say(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

// The exit code: `code`, or that of a failure if not all of the output could be written.
int print(std::string_view text, int code = app::exit_code::done) {
    if (app::print_output(text))
        return code;
    say(fmt::format("event-archiver: {}\n", app::unwritten_output(errno)));
    return code == app::exit_code::done ? app::exit_code::failed : code;
}

int execute(const app::command_line& request) {
    if (request.command == app::command::completion)
        return app::offer_names(request);
    if (request.command == app::command::version)
        return print(app::render_version(request.output, app::width_of(app::stream::output)));
    const auto environment = app::process_environment();
    auto given = app::collect(request.flags, environment);
    const auto variables = app::process_variables();
    std::ranges::move(app::unknown_variables(variables), std::back_inserter(given.mistakes));
    const auto purpose = app::purpose_of(request, given);
    auto checked = app::check(given, environment, purpose);
    checked.value.metrics.file_labels = app::file_labels_of(request, checked.value);
    if (request.command == app::command::check) // a person waits for the answer
        checked.value.retries = std::min(checked.value.retries, 1);
    if (request.command == app::command::config) {
        const auto shown = app::show_config(given,
                                            {.wrong = checked.wrong,
                                             .read_by_libraries = app::variables_of_libraries(variables),
                                             .only_changed = request.only_changed},
                                            request.output, app::width_of(app::stream::output));
        const auto code =
            print(shown, checked.mistakes.empty() ? app::exit_code::done : app::exit_code::usage);
        for (const auto& mistake : checked.mistakes)
            say(app::wrapped_lines("event-archiver: " + mistake, app::width_of(app::stream::error)));
        return code;
    }
    if (!checked.mistakes.empty() && request.command == app::command::check)
        static_cast<void>(print(app::check_without_settings(checked.mistakes, request.output).text));
    if (!checked.mistakes.empty())
        return app::refuse(request, checked.mistakes, checked.value);
    if (request.command == app::command::serve)
        return app::serve(checked.value);
    if (request.checking == app::check_aim::server)
        return app::check_server(request, checked.value);
    if (request.command == app::command::send)
        return app::run_send(request, checked.value);
    if (request.command == app::command::journal)
        return app::run_journal(request, checked.value);
    if (purpose == app::purpose::projecting || purpose == app::purpose::replaying)
        return app::run_projections(request, checked.value, app::serve_health);
    if (purpose == app::purpose::exports)
        return app::run_exports(request, checked.value);
    return app::run(request, checked.value);
}

} // namespace

int main(int argc, char** argv) {
    async::ignore_progress_signal(); // until a run answers it
    try {
        const auto parsed =
            app::parse_command_line(std::vector<std::string>(argv + 1, argv + argc), app::width_of_help());
        app::keep_out_of_core_dumps();
        say(app::wrapped_lines(parsed.standard_error, app::width_of(app::stream::error)));
        return parsed.value ? execute(*parsed.value) : print(parsed.standard_output, parsed.exit_code);
    } catch (const std::exception& failed) {
        say(std::string("event-archiver: internal error: ") + failed.what() + "\n");
        return app::exit_code::internal;
    }
}
