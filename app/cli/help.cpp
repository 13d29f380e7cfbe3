#include "app/cli/help.hpp"

#include "app/cli/exit_code.hpp"
#include "app/settings/options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace {

std::string without_braces(std::string_view names) {
    std::string kept;
    bool inside = false;
    for (const char each : names) {
        inside = inside || each == '{';
        if (!inside)
            kept += each;
        inside = inside && each != '}';
    }
    return kept;
}

} // namespace

std::string_view examples() noexcept {
    return R"(  event-archiver archive                       the nightly run; settings from the environment
  event-archiver archive --dry-run             export and upload, delete nothing
  event-archiver archive --commit day --parallel 8
                                               a long backfill, one transaction a day
  event-archiver check                         is everything there that a run needs?
  event-archiver plan                          what a run would do; changes nothing
  event-archiver list --calendar               what is archived, as a calendar
  event-archiver verify --from 2024-01-01      prove what is there
  event-archiver cat --from 2023-01-01 --to 2023-12-31 --where "payload->>'user' = '7'" > user-7.csv
                                               rows of archived days, without restoring them
  event-archiver erase --where "payload->>'user' = '7'"
                                               what would be erased, of files and table; --yes erases it
  event-archiver restore --day 2024-01-01 --into looked_up
                                               a copy of a day in a table of its own
  event-archiver export --dry-run              would every export task work?
  event-archiver export agency                 run one of them
  event-archiver serve --listen 0.0.0.0        run them by request, on all interfaces; needs SERVE_TOKEN
  event-archiver serve --apis events --journal /data
                                               take events in over HTTP and keep them
  event-archiver serve --apis builds -c /etc/probo/db.yaml -k /etc/probo/knexfile.js
                                               what probo-db did, with its own configuration
  event-archiver send events.jsonl --to http://localhost:8000
                                               send the events of a file, in order; repeat it if it was interrupted
  event-archiver journal cat live --from 1000  events as they were accepted
  event-archiver project --once                apply the events of the journal to tables
  event-archiver projections                   where each projection is
  event-archiver projections rebuild revenue   new tables beside the live ones, then swapped
  event-archiver dead-letters revenue --retry  once its SQL is fixed
  event-archiver help environment              every setting
)";
}

std::string examples_of(std::string_view command) {
    std::string found;
    bool wanted = false;
    std::string_view rest = examples();
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n') + 1);
        rest.remove_prefix(line.size());
        const auto words = line.substr(std::min(line.find_first_not_of(' '), line.size()));
        constexpr std::string_view program = "event-archiver ";
        if (words.starts_with(program)) // and not what goes on from the line before
            wanted = words.substr(program.size()).starts_with(std::string(command) + " ");
        if (wanted)
            found += line;
    }
    return found;
}

std::string readable_help(std::string_view text) {
    constexpr std::string_view usage = "Usage: ";
    constexpr std::string_view program = "event-archiver ";
    std::string readable;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n') + 1);
        if (line.empty())
            line = text;
        text.remove_prefix(line.size());
        if (line.starts_with(usage) && !line.substr(usage.size()).starts_with(program)) {
            readable.append(usage).append(program).append(line.substr(usage.size()));
        } else if (line.starts_with("  -")) {
            const auto end = std::min(line.find("  ", 2), line.find('\n'));
            const auto names = line.substr(0, end);
            auto shown = without_braces(names);
            if (line.substr(names.size()).starts_with(' ')) // the help stands behind them, in its column
                shown.resize(names.size(), ' ');
            readable.append(shown).append(line.substr(names.size()));
        } else {
            readable.append(line);
        }
    }
    return readable;
}

std::string environment_help() {
    std::string text =
        "A flag beats the environment, the environment beats the file of --config, and that beats the "
        "default; an"
        " empty variable counts as unset.\nEach secret may stand in a file that NAME_FILE names.\n\n";
    for (const auto& option : options()) {
        text += fmt::format("  {}{}{}{}{}\n", option.environment, option.short_flag.empty() ? "" : ", ",
                            option.short_flag, option.flag.empty() ? "" : ", ", option.flag);
        text += fmt::format("      {}{}\n", option.help,
                            option.standard.empty() ? "" : fmt::format(" [default: {}]", option.standard));
    }
    return text;
}

std::string exit_codes_help() {
    std::string text;
    for (const auto& row : exit_codes())
        text += fmt::format("  {:>3}  {}{}\n", row.code, row.meaning,
                            row.again.empty() ? "" : fmt::format(" (retry: {})", row.again));
    return text;
}

} // namespace app
