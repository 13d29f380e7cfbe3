#include "app/command_line.hpp"
#include "app/configuration.hpp"
#include "app/exit_code.hpp"
#include "app/inquiry.hpp"
#include "app/run_exports.hpp"
#include "app/runner.hpp"
#include "app/serve.hpp"
#include "app/show_config.hpp"
#include "app/sources.hpp"
#include "app/unknown_variables.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

void print(std::FILE* stream, std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stream);
    std::fflush(stream);
}

int execute(const app::command_line& what) {
    if (what.command == app::command::version) {
        print(stdout, what.output == app::output_format::json
                          ? "{\"version\":\"" EVENT_ARCHIVER_VERSION "\"}\n"
                          : "event-archiver " EVENT_ARCHIVER_VERSION "\n");
        return app::exit_code::done;
    }
    const auto environment = app::process_environment();
    auto given = app::collect(what.flags, environment);
    std::ranges::move(app::unknown_variables(app::process_variables()), std::back_inserter(given.mistakes));
    const auto purpose = app::purpose_of(what, given);
    const auto checked = app::check(given, environment, purpose);
    if (what.command == app::command::config) {
        print(stdout, app::show_config(given, what.output));
        for (const auto& mistake : checked.mistakes)
            print(stderr, "event-archiver: " + mistake + "\n");
        return checked.mistakes.empty() ? app::exit_code::done : app::exit_code::usage;
    }
    if (!checked.mistakes.empty() && what.command == app::command::check)
        print(stdout, app::check_without_settings(checked.mistakes, what.output).text);
    if (!checked.mistakes.empty())
        return app::refuse(what, checked.mistakes, checked.value);
    if (what.command == app::command::serve)
        return app::serve(checked.value);
    if (purpose == app::purpose::exports)
        return app::run_exports(what, checked.value);
    return app::run(what, checked.value);
}

} // namespace

int main(int argc, char** argv) {
    try {
        const auto parsed = app::parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
        print(stdout, parsed.standard_output);
        print(stderr, parsed.standard_error);
        return parsed.value ? execute(*parsed.value) : parsed.exit_code;
    } catch (const std::exception& failed) {
        print(stderr, std::string("event-archiver: internal error: ") + failed.what() + "\n");
        return app::exit_code::internal;
    }
}
