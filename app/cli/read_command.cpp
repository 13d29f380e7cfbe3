#include "app/cli/read_command.hpp"

#include "app/cli/command_settings.hpp"
#include "app/cli/day_flags.hpp"
#include "app/cli/restore_flags.hpp"
#include "app/settings/mistake.hpp"
#include "app/settings/parse.hpp"
#include "app/settings/parse_name.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace app {

namespace {

// The text is one of the flag's choices, or empty.
check_aim aim_of(std::string_view text) noexcept {
    return text == "restore"   ? check_aim::restore
           : text == "export"  ? check_aim::exports
           : text == "project" ? check_aim::projections
           : text == "serve"   ? check_aim::server
                               : check_aim::archive;
}

// Keeps what was read, or returns its mistake.
template <typename Request>
[[nodiscard]] std::string keep(std::variant<Request, std::string> read, Request& in) {
    if (auto* const mistake = std::get_if<std::string>(&read))
        return std::move(*mistake);
    in = std::get<Request>(std::move(read));
    return {};
}

// Each member returns a mistake, or "".
class command_reader {
  public:
    command_reader(command_words& given, command_line& result)
        : given_(given)
        , result_(result) {}

    [[nodiscard]] std::string read() {
        result_.command = given_.command;
        result_.flags = given_.settings;
        if (auto mistake = mistake_in_texts(); !mistake.empty())
            return mistake;
        result_.output = text("--output") == "json" ? output_format::json : output_format::text;
        result_.checking = aim_of(text("--for"));
        result_.keep = text("--keep");
        result_.discard = text("--discard");
        if (result_.command == command::restore)
            return read_restore_flags();
        if (result_.command == command::cat)
            return read_cat();
        if (result_.command == command::erase)
            return read_erase();
        if (result_.command == command::export_tasks)
            return read_export();
        if (result_.command == command::journal)
            return read_journal();
        if (result_.command == command::send)
            return read_sending();
        if (result_.command == command::project || result_.command == command::migrate)
            return read_projecting();
        if (result_.command == command::projections)
            return read_projections();
        if (result_.command == command::dead_letters)
            return read_dead_letters();
        if (auto mistake = read_days(); !mistake.empty())
            return mistake;
        return read_rest();
    }

  private:
    // Of a flag of the command; "" if it was not given.
    [[nodiscard]] std::string text(std::string_view flag) const {
        const auto found = given_.flags.find(flag);
        return found == given_.flags.end() ? std::string() : found->second;
    }

    // An unset "$CUTOFF" in a script must not become the default.
    [[nodiscard]] std::string mistake_in_texts() const {
        for (const auto& [flag, given] : given_.settings)
            if (given.empty())
                return empty_value(flag);
        for (const auto& flag : info_of(given_.command).flags) {
            const auto given = given_.flags.find(flag.name);
            if (given == given_.flags.end())
                continue;
            if (given->second.empty())
                return empty_value(flag.name);
            const bool known =
                flag.choices.empty() || std::ranges::find(flag.choices, given->second) != flag.choices.end();
            if (!known)
                return mistake_in(flag.short_name.empty() ? flag.name : flag.short_name, given->second,
                                  fmt::format("give one of {}", fmt::join(flag.choices, ", ")));
        }
        return {};
    }

    [[nodiscard]] std::string read_restore_flags() {
        return keep(
            read_restore({{text("--from"), text("--to"), text("--day")}, text("--into"), text("--hold")}),
            result_.restore);
    }

    [[nodiscard]] std::string read_cat() {
        bool pending = false;
        if (auto mistake = read_switch("--pending", pending); !mistake.empty())
            return mistake;
        result_.cat.where = text("--where");
        if (pending)
            result_.cat.unsettled = archive::unsettled_rows::included;
        return keep(read_days_asked("cat", {text("--from"), text("--to"), text("--day")}), result_.cat.days);
    }

    [[nodiscard]] std::string read_erase() {
        auto& request = result_.erase;
        if (auto mistake = read_switch("--yes", request.yes); !mistake.empty())
            return mistake;
        request.where = text("--where");
        if (request.where.empty())
            return "erase needs --where: a condition over the columns, as PostgreSQL's WHERE has it";
        const day_flags given{text("--from"), text("--to"), text("--day")};
        if (given.from.empty() && given.to.empty() && given.day.empty())
            return {}; // all days, and the whole table
        return keep(read_days_asked("erase", given), request.days);
    }

    [[nodiscard]] std::string read_export() {
        result_.tasks = std::move(given_.arguments);
        const auto given = text("--boundary");
        if (given.empty())
            return {};
        result_.boundary = lake::day::from_text(given);
        return result_.boundary ? std::string() : mistake_in("--boundary", given, clause_for_no_day(given));
    }

    [[nodiscard]] std::string read_journal() {
        bool values = false;
        if (auto mistake = read_switch("--values", values); !mistake.empty())
            return mistake;
        return keep(read_journal_request(given_.arguments, text("--from"), values), result_.journal);
    }

    [[nodiscard]] std::string read_sending() {
        bool watch = false;
        if (auto mistake = read_switch("--watch", watch); !mistake.empty())
            return mistake;
        auto mistake = keep(read_send_request(given_.argument, text("--to"), text("--batch")), result_.send);
        result_.send.watch = watch;
        return mistake;
    }

    [[nodiscard]] std::string read_projecting() {
        result_.projection.names = std::move(given_.arguments);
        return read_switch("--once", result_.projection.once);
    }

    [[nodiscard]] std::string read_projections() {
        projections_options flags;
        if (auto mistake = read_switches({{"--detach", &flags.detach},
                                          {"--only-events", &flags.only_events},
                                          {"--drop", &flags.drop}});
            !mistake.empty())
            return mistake;
        if (flags.detach && result_.output == output_format::json)
            return "--detach prints nothing: leave out either it or -o json";
        flags.from = text("--from");
        return keep(read_projections_request(given_.arguments, flags), result_.projection);
    }

    [[nodiscard]] std::string read_dead_letters() {
        bool retry = false;
        bool drop = false;
        if (auto mistake = read_switches({{"--retry", &retry}, {"--drop", &drop}}); !mistake.empty())
            return mistake;
        return keep(read_dead_letter_request(given_.arguments, retry, drop), result_.dead_letters);
    }

    [[nodiscard]] std::string read_days() {
        auto& days = result_.days;
        for (const auto& [name, target] : {std::pair{"--from", &days.first}, std::pair{"--to", &days.last}}) {
            const auto given = text(name);
            if (given.empty())
                continue;
            *target = lake::day::from_text(given);
            if (!*target)
                return mistake_in(name, given, clause_for_no_day(given));
        }
        if (days.first && days.last && *days.last < *days.first)
            return fmt::format("--from is {}, later than --to, {}: give the earlier day first",
                               days.first->text(), days.last->text());
        return {};
    }

    // A switch: given, or given a value as in --calendar=false.
    [[nodiscard]] std::string read_switch(std::string_view name, bool& wanted) const {
        const auto given = text(name);
        if (given.empty())
            return {};
        const auto read = parse_boolean(given);
        if (const auto* mistake = std::get_if<std::string>(&read))
            return mistake_in(name, given, *mistake);
        wanted = std::get<bool>(read);
        return {};
    }

    using named_switch = std::pair<std::string_view, bool*>;
    [[nodiscard]] std::string read_switches(std::initializer_list<named_switch> all) const {
        for (const auto& [name, wanted] : all)
            if (auto mistake = read_switch(name, *wanted); !mistake.empty())
                return mistake;
        return {};
    }

    [[nodiscard]] std::string unused_flag_of_recover() const {
        std::vector<std::string_view> flags;
        for (const auto& [flag, given] : result_.flags)
            flags.push_back(flag);
        const auto unused = unused_by_recover(result_.exports, flags);
        if (unused.empty())
            return {};
        return fmt::format("recover {} --exports does not use {}", result_.exports ? "with" : "without",
                           unused);
    }

    [[nodiscard]] std::string read_rest() {
        if (auto mistake = read_switches({{"--calendar", &result_.calendar},
                                          {"--changed", &result_.only_changed},
                                          {"--exports", &result_.exports},
                                          {"--adopt", &result_.adopt}});
            !mistake.empty())
            return mistake;
        if (result_.command == command::recover)
            if (auto mistake = unused_flag_of_recover(); !mistake.empty())
                return mistake;
        if (result_.adopt && (!result_.keep.empty() || !result_.discard.empty()))
            return "--adopt is about the folder, --keep and --discard about one file: give one of them";
        if (result_.calendar && result_.output == output_format::json)
            return "--calendar is a picture in text: leave out either it or -o json";
        return read_against();
    }

    [[nodiscard]] std::string read_against() {
        const auto given = text("--against");
        if (given.empty())
            return {};
        auto named = parse_table(given);
        if (!named.mistake.empty())
            return mistake_in("--against", given, named.mistake);
        result_.against = std::move(named.name);
        return {};
    }

    command_words& given_;
    command_line& result_;
};

} // namespace

std::string empty_value(std::string_view flag) {
    return fmt::format("{} has an empty value: give one, or leave the flag out", flag);
}

std::variant<command_line, std::string> read_command(command_words given) {
    command_line result;
    if (auto mistake = command_reader(given, result).read(); !mistake.empty())
        return mistake;
    return result;
}

} // namespace app
