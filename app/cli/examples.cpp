#include "app/cli/examples.hpp"

#include "app/text/wrap.hpp"

#include <algorithm>
#include <array>
#include <concepts>

namespace app {

namespace {

constexpr std::array example_table{
    example{command::archive, "event-archiver archive", "the nightly run; settings from the environment",
            true},
    example{command::archive, "event-archiver archive --dry-run", "export and upload, delete nothing"},
    example{command::archive, "event-archiver archive --commit day --parallel 8",
            "a long backfill, one transaction a day"},
    example{command::plan, "event-archiver plan", "what a run would do; changes nothing", true},
    example{command::plan, "event-archiver plan --retention '90 days' --whole-days",
            "what would be due with another period"},
    example{command::list, "event-archiver list --calendar", "what is archived, as a calendar", true},
    example{command::list, "event-archiver list --from 2024-01-01 --to 2024-12-31 -o json",
            "the files of a year, for a script"},
    example{command::verify, "event-archiver verify --from 2024-01-01", "prove the files since that day"},
    example{command::verify, "event-archiver verify --from 2024-01-01 --to 2024-01-01 --against looked_up",
            "compare a day with a table that it was restored into"},
    example{command::restore, "event-archiver restore --day 2024-01-01 --into looked_up",
            "a copy of a day in a table of its own", true},
    example{command::restore, "event-archiver restore --from 2024-01-01 --to 2024-01-31 --dry-run",
            "could these days be restored in place? Changes nothing"},
    example{command::restore, "event-archiver restore --day 2024-01-01 --hold 90d",
            "back into the table, where `archive` leaves it for 90 days"},
    example{command::recover, "event-archiver recover", "what an interrupted run left, before the next run"},
    example{command::recover, "event-archiver recover --discard events_2024-01-01.csv",
            "once you have seen its uncommitted rows in the table"},
    example{command::cat, "event-archiver cat --day 2024-01-01 | head", "the first rows of a day"},
    example{command::cat,
            "event-archiver cat --from 2023-01-01 --to 2023-12-31 --where \"payload->>'user' = '7'\" > "
            "user-7.csv",
            "rows of archived days, without restoring them"},
    example{command::erase, "event-archiver erase --where \"payload->>'user' = '7'\"",
            "how many rows would be erased from table and files"},
    example{command::erase, "event-archiver erase --where \"payload->>'user' = '7'\" --yes > receipt.json",
            "erase them, and keep the receipt"},
    example{command::check, "event-archiver check", "is everything there that a run needs?", true},
    example{command::check, "event-archiver check --for restore", "may this role put rows back?"},
    example{command::check, "event-archiver check --for export",
            "would the server take each task's SQL, and may files be written?"},
    example{command::check, "event-archiver check --for project",
            "are the files of projections, the journal and the rights in order?"},
    example{command::check, "event-archiver check --for serve",
            "could a server begin here: journal, room, port, queries, positions?"},
    example{command::export_tasks, "event-archiver export --dry-run", "would every export task work?"},
    example{command::export_tasks, "event-archiver export agency", "run the task `agency` alone", true},
    example{command::export_tasks, "event-archiver export agency --boundary 2024-06-01",
            "rows before that day, not before today"},
    example{command::send, "event-archiver send events.jsonl --to http://localhost:8000",
            "send the events of a file, in order; repeat it if it was interrupted"},
    example{command::send, "event-archiver send events.jsonl --watch", "again whenever the file changes"},
    example{command::journal, "event-archiver journal", "topics, positions, size"},
    example{command::journal, "event-archiver journal cat live --from 1000", "events as they were accepted"},
    example{command::serve, "event-archiver serve --listen 0.0.0.0",
            "run export tasks by request, on all interfaces; needs SERVE_TOKEN"},
    example{command::serve, "event-archiver serve --apis events --journal /data",
            "take events in over HTTP and keep them", true},
    example{command::serve,
            "event-archiver serve --apis builds -c /etc/probo/db.yaml -k /etc/probo/knexfile.js",
            "what probo-db did, with its own configuration"},
    example{command::project, "event-archiver project --once",
            "apply what the journal has to tables, then end"},
    example{command::project, "event-archiver project revenue", "one projection, as events arrive"},
    example{command::projections, "event-archiver projections", "where each projection is"},
    example{command::projections, "event-archiver projections rebuild revenue",
            "new tables beside the live ones, then swapped"},
    example{command::projections, "event-archiver projections replay revenue --from 2024-06-01",
            "apply the events since that day again"},
    example{command::dead_letters, "event-archiver dead-letters revenue", "which events it refused, and why"},
    example{command::dead_letters, "event-archiver dead-letters revenue --retry", "once its SQL is fixed"},
    example{command::migrate, "event-archiver migrate", "for all projections, before a release starts"},
    example{command::config, "event-archiver config --retention '90 days'",
            "what would be in force, and whether it is valid"},
    example{command::config, "event-archiver config --changed", "what is set here, without the defaults"},
    example{command::completion, "source <(event-archiver completion bash)", "in ~/.bashrc"},
    example{command::completion, "event-archiver completion fish | source", "in config.fish"},
    example{command::version, "event-archiver version", "what to write into a bug report"},
    example{command::help, "event-archiver help restore", "the flags and examples of a command"},
    example{command::help, "event-archiver help environment", "every setting", true},
    example{command::help, "event-archiver help man | man -l -", "all of it as a man page"},
};

// At a space inside quotes the shell would see a value of two lines.
std::string as_typed(std::string_view line, std::size_t width) {
    std::string text = "  ";
    std::size_t column = text.size();
    char quote = '\0';
    while (!line.empty()) {
        std::size_t length = 0; // of what stays together
        while (length < line.size() && (quote != '\0' || line[length] != ' ')) {
            const char letter = line[length++];
            if (quote == letter)
                quote = '\0';
            else if (quote == '\0' && (letter == '"' || letter == '\''))
                quote = letter;
        }
        const auto kept = line.substr(0, length);
        line.remove_prefix(std::min(length + 1, line.size()));
        const bool first = column == 2;
        const std::size_t rest = line.empty() ? 0 : 2; // a backslash may have to follow
        if (!first && width != 0 && column + 1 + columns_of(kept) + rest >= width) {
            text += " \\\n      ";
            column = 6;
        } else if (!first) {
            text += ' ';
            ++column;
        }
        text += kept;
        column += columns_of(kept);
    }
    return text + "\n";
}

std::string in_lines(const std::predicate<const example&> auto& wanted, std::size_t width) {
    constexpr std::size_t indent = 6;
    std::string text;
    for (const auto& each : example_table)
        if (wanted(each))
            text += as_typed(each.line, width) + std::string(indent, ' ') +
                    wrapped(each.what, width, indent, indent) + "\n";
    return text;
}

} // namespace

std::span<const example> examples() noexcept { return example_table; }

std::string examples_of(command which, std::size_t width) {
    return in_lines([which](const example& each) { return each.command == which; }, width);
}

std::string examples_of_overview(std::size_t width) {
    return in_lines([](const example& each) { return each.in_overview; }, width);
}

std::string all_examples(std::size_t width) {
    return in_lines([](const example&) { return true; }, width);
}

} // namespace app
