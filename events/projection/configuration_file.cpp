#include "events/projection/configuration_file.hpp"

#include "async/number.hpp"
#include "events/journal/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

namespace events {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r";
    const auto begin = std::min(text.find_first_not_of(blank), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(blank) + 1);
}

// A '#' within a value, behind a letter, is a part of it.
std::string_view without_comment(std::string_view line) {
    for (std::size_t at = 0; at < line.size(); ++at)
        if (line[at] == '#' && (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t'))
            return line.substr(0, at);
    return line;
}

std::vector<std::string> list_from(std::string_view text) {
    std::vector<std::string> found;
    for (;;) {
        const auto end = std::min(text.find(','), text.size());
        found.emplace_back(trimmed(text.substr(0, end)));
        if (end == text.size())
            return found;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::size_t> bytes_from(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::size_t>, 2> units{
        {{"MiB", std::size_t{1} << 20}, {"KiB", std::size_t{1} << 10}}};
    std::size_t factor = 1;
    for (const auto& [unit, bytes] : units)
        if (text.ends_with(unit)) {
            factor = bytes;
            text.remove_suffix(unit.size());
            break;
        }
    const auto number = async::number_from<std::size_t>(trimmed(text));
    return number && *number <= 4096 * (std::size_t{1} << 20) / factor ? std::optional(*number * factor)
                                                                       : std::nullopt;
}

// Each returns a clause that says what would be right; "" if the value is valid.
std::string read_topics(projection_settings& into, std::string_view value) {
    into.topics = list_from(value);
    for (const auto& each : into.topics)
        if (const auto clause = topic_name_mistake(each); !clause.empty())
            return clause;
    if (std::set<std::string>(into.topics.begin(), into.topics.end()).size() != into.topics.size())
        return "give each topic once";
    return {};
}

std::string read_batch(projection_settings& into, std::string_view value) {
    constexpr std::size_t events_max = 1'000'000;
    const auto read = async::number_from<std::size_t>(value);
    into.batch = read.value_or(0);
    return into.batch >= 1 && into.batch <= events_max ? "" : "give a number from 1 to 1000000";
}

std::string read_batch_bytes(projection_settings& into, std::string_view value) {
    constexpr std::size_t smallest = std::size_t{1} << 10;
    constexpr std::size_t largest = std::size_t{64} << 20;
    const auto read = bytes_from(value);
    into.batch_bytes = read.value_or(0);
    return into.batch_bytes >= smallest && into.batch_bytes <= largest ? ""
                                                                       : "give a size from 1KiB to 64MiB";
}

std::string read_on_error(projection_settings& into, std::string_view value) {
    into.on_error = value == "block" ? error_policy::block : error_policy::dead_letter;
    return value == "block" || value == "dead_letter" ? "" : "give dead_letter or block";
}

std::string read_replay(projection_settings& into, std::string_view value) {
    into.replay = value == "keep" ? replay_policy::keep : replay_policy::truncate;
    return value == "keep" || value == "truncate" ? "" : "give truncate or keep";
}

std::string read_replay_from(projection_settings& into, std::string_view value) {
    into.replay_from = value == "archive" ? replay_scope::not_archived : replay_scope::everything;
    return value == "archive" || value == "beginning" ? "" : "give beginning or archive";
}

std::string read_tables(projection_settings& into, std::string_view value) {
    auto read = table_names_from(value);
    if (!read)
        return "give names as schema.table, with commas between them";
    into.tables = std::move(*read);
    std::set<std::string> names;
    for (const auto& each : into.tables)
        if (!names.insert(each.table).second)
            return "give tables of different names: a rebuild makes them all in one schema";
    return {};
}

std::string read_plugins(projection_settings& into, std::string_view value) {
    into.plugins = list_from(value);
    return std::ranges::count(into.plugins, "") == 0 ? "" : "give names with commas between them";
}

std::string read_group(projection_settings& into, std::string_view value) {
    into.group = value;
    return topic_name_mistake(value).empty() ? "" : "give letters, digits, dots, hyphens and underscores";
}

using reader = std::string (*)(projection_settings&, std::string_view);
constexpr std::array<std::pair<std::string_view, reader>, 9> setting_readers{
    {{"topic", read_topics},
     {"batch", read_batch},
     {"batch_bytes", read_batch_bytes},
     {"on_error", read_on_error},
     {"tables", read_tables},
     {"plugins", read_plugins},
     {"replay", read_replay},
     {"replay_from", read_replay_from},
     {"group", read_group}}};

std::string known_names() {
    std::string names;
    for (const auto& [name, read] : setting_readers)
        names += (names.empty() ? "" : ", ") + std::string(name);
    return names;
}

// What is wrong with the line; "" if nothing is.
std::string read_line(projection_settings& into, std::string_view line, std::set<std::string>& seen) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
        return "give a setting as `name = value`";
    const auto name = trimmed(line.substr(0, equals));
    const auto value = trimmed(line.substr(equals + 1));
    const auto* const known =
        std::ranges::find(setting_readers, name, &std::pair<std::string_view, reader>::first);
    if (known == setting_readers.end())
        return fmt::format("'{}' is not a setting of a projection: there are {}", name.substr(0, 40),
                           known_names());
    if (!seen.insert(std::string(name)).second)
        return fmt::format("{} is given a second time", name);
    if (value.empty())
        return fmt::format("{} has an empty value: give one, or leave the line out", name);
    const auto clause = known->second(into, value);
    return clause.empty() ? clause : fmt::format("{} is '{}': {}", name, value.substr(0, 100), clause);
}

} // namespace

configuration_file read_configuration(std::string_view text) {
    configuration_file result;
    std::set<std::string> seen;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trimmed(without_comment(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty())
            continue;
        if (const auto mistake = read_line(result.settings, line, seen); !mistake.empty()) {
            result.mistake = fmt::format("line {}: {}", number, mistake);
            return result;
        }
    }
    if (result.settings.topics.empty())
        result.mistake = "no topic is given: add a line `topic = NAME`";
    else if (result.settings.replay_from == replay_scope::not_archived &&
             result.settings.replay != replay_policy::keep)
        result.mistake = "replay_from = archive needs replay = keep: rows that came from elsewhere stay";
    return result;
}

} // namespace events
