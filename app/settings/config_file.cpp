#include "app/settings/config_file.hpp"

#include "app/settings/js_literal.hpp"
#include "app/settings/nearest.hpp"
#include "app/settings/options.hpp"
#include "app/settings/probo_config.hpp"
#include "app/settings/yaml.hpp"
#include "async/ascii.hpp"
#include "async/quotable.hpp"
#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

namespace app {

namespace fs = std::filesystem;

void config_texts::add(std::string_view environment, std::string text, std::string given_as) {
    values.try_emplace(std::string(environment), config_text{std::move(text), std::move(given_as)});
}

namespace {

using kind = config_value::kind;

// The names that a file may have, and the environment variable of each.
std::map<std::string, std::string, std::less<>> settings_by_name() {
    std::map<std::string, std::string, std::less<>> names;
    for (const auto& setting : options()) {
        if (setting.environment == "EVENT_ARCHIVER_CONFIG") // a file cannot name another file
            continue;
        names.emplace(async::lowercase(setting.environment), setting.environment);
        if (!setting.alias.empty())
            names.emplace(async::lowercase(setting.alias), setting.environment);
        if (setting.is_secret())
            names.emplace(async::lowercase(setting.environment) + "_file",
                          fmt::format("{}_FILE", setting.environment));
    }
    return names;
}

// A path holds slashes, and is not a secret.
std::string quoted_path(const std::string& path) {
    std::string plain = path;
    std::ranges::replace(plain, '/', '.');
    return async::may_quote(plain, 200) ? fmt::format("'{}'", path) : "the file";
}

std::string unknown_name(std::string_view name) {
    const auto names = settings_by_name();
    std::vector<std::string_view> known(probo_names().begin(), probo_names().end());
    for (const auto& [each, setting] : names)
        known.push_back(each);
    const auto meant = std::ranges::find(known, async::lowercase(name));
    const auto near = meant != known.end() ? *meant : nearest(name, known);
    return fmt::format("{} is not a setting{}", async::quoted(name),
                       near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

// A list stands for a text with commas in an environment variable; for directories, with colons.
std::string joined(const config_value& value, std::string_view setting) {
    std::string text;
    for (const auto& each : value.list)
        text += fmt::format("{}{}", text.empty() ? "" : setting == "PROJECTIONS_PATH" ? ":" : ",", each.text);
    return text;
}

void read_setting(const config_entry& entry, const std::string& setting, std::string_view file,
                  config_texts& into) {
    const auto& [name, value] = entry;
    if (value.is == kind::map ||
        std::ranges::any_of(value.list, [](const auto& each) { return each.is != kind::text; })) {
        into.mistakes.push_back(fmt::format("{}, line {}: {} is one value", file, value.line, name));
        return;
    }
    auto text = value.is == kind::list ? joined(value, setting) : value.text;
    if (value.is == kind::nothing || text.empty()) // as an empty variable
        return;
    if (into.values.contains(setting))
        into.mistakes.push_back(
            fmt::format("{}, line {}: {} is set twice, under two names", file, value.line, name));
    into.add(setting, std::move(text), fmt::format("{} in {}", name, file));
}

async::text_read read_whole(const fs::path& path) {
    auto read = async::read_text(path, config_bytes_max);
    if (!read.mistake.empty())
        read.mistake.insert(0, "it ");
    return read;
}

// One file, or the files of a directory, in the order of precedence.
std::vector<fs::path> files_at(const fs::path& place, std::string& mistake) {
    std::error_code failed;
    if (!fs::is_directory(place, failed))
        return {place};
    std::set<fs::path> found;
    for (fs::directory_iterator each(place, failed), end; !failed && each != end; each.increment(failed))
        if (const auto ending = each->path().extension(); ending == ".yaml" || ending == ".yml")
            found.insert(each->path());
    if (failed)
        mistake = "the directory cannot be read";
    else if (found.empty())
        mistake = "the directory has no file *.yaml";
    return {found.rbegin(), found.rend()};
}

void read_yaml_file(const fs::path& path, const variable_lookup& environment, config_texts& into) {
    const auto file = quoted_path(path.string());
    std::error_code failed;
    if (fs::status(path, failed).type() == fs::file_type::not_found) {
        into.mistakes.push_back(
            fmt::format("there is no file {}: give --config a file of YAML, or a directory of them", file));
        into.unread = true;
        return;
    }
    const auto read = read_whole(path);
    auto mistake = read.mistake;
    parsed_config parsed;
    if (mistake.empty()) {
        parsed = parse_yaml(read.text);
        mistake = parsed.mistake;
    }
    if (!mistake.empty()) {
        into.mistakes.push_back(fmt::format("{} is no configuration: {}", file, mistake));
        into.unread = true;
        return;
    }
    auto said = config_of(parsed.value, file, environment);
    for (auto& [name, value] : said.values)
        into.add(name, std::move(value.text), std::move(value.given_as));
    std::ranges::move(said.mistakes, std::back_inserter(into.mistakes));
}

void read_knexfile(const std::string& path, const variable_lookup& environment, config_texts& into) {
    const auto file = quoted_path(path);
    const auto read = read_whole(path);
    auto mistake = read.mistake;
    parsed_config parsed;
    if (mistake.empty()) {
        parsed = parse_js_literal(read.text);
        mistake = parsed.mistake;
    }
    if (mistake.empty())
        return read_knex(parsed.value, file, environment, into);
    into.mistakes.push_back(fmt::format("{} is no knexfile: {}", file, mistake));
    into.unread = true;
}

} // namespace

config_texts config_of(const config_value& root, std::string_view file, const variable_lookup& environment) {
    config_texts result;
    if (root.is != kind::map) {
        result.mistakes.push_back(fmt::format("{} holds no names and values", file));
        return result;
    }
    const auto names = settings_by_name();
    for (const auto& entry : root.map) {
        const auto probo = std::ranges::find(probo_names(), entry.name) != probo_names().end();
        if (const auto known = names.find(entry.name); known != names.end())
            read_setting(entry, known->second, file, result);
        else if (probo)
            read_probo(entry, file, environment, result);
        else
            result.mistakes.push_back(
                fmt::format("{}, line {}: {}", file, entry.value.line, unknown_name(entry.name)));
    }
    return result;
}

config_texts read_config_files(const std::string& config, const std::string& knexfile,
                               const variable_lookup& environment) {
    config_texts result;
    if (!config.empty()) {
        std::string mistake;
        for (const auto& path : files_at(config, mistake))
            read_yaml_file(path, environment, result);
        if (!mistake.empty()) {
            result.mistakes.push_back(fmt::format("{}: {}", quoted_path(config), mistake));
            result.unread = true;
        }
    }
    const auto named = result.values.find("EVENT_ARCHIVER_KNEXFILE");
    if (const auto path = !knexfile.empty() || named == result.values.end() ? knexfile : named->second.text;
        !path.empty())
        read_knexfile(path, environment, result);
    return result;
}

} // namespace app
