#include "app/settings/sources.hpp"

#include "app/settings/config_file.hpp"
#include "app/settings/unknown_variables.hpp"
#include "async/quotable.hpp"
#include "async/regular_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace app {

std::string_view to_string(source from) noexcept {
    switch (from) {
    case source::unset:
        return "unset";
    case source::standard:
        return "default";
    case source::config:
        return "config";
    case source::environment:
        return "environment";
    case source::file:
        return "file";
    case source::flag:
        break;
    }
    return "flag";
}

const sourced_text& texts::operator[](std::string_view environment) const {
    static const sourced_text nothing;
    const auto found = values.find(environment);
    return found == values.end() ? nothing : found->second;
}

environment_lookup process_environment() {
    return [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
    };
}

namespace {

async::text_read content_of(const std::string& path) {
    constexpr std::size_t secret_bytes_max = std::size_t{1} << 20;
    auto content = async::read_text(path, secret_bytes_max);
    if (content.text.ends_with('\n')) // editors and `echo` leave one
        content.text.pop_back();
    if (content.text.ends_with('\r'))
        content.text.pop_back();
    return content;
}

// A variable under its name or its other one.
struct found_variable {
    std::string_view name;
    std::optional<std::string> value;
};

found_variable look_up(const option& wanted, const environment_lookup& environment,
                       std::vector<std::string>& mistakes) {
    found_variable found{wanted.environment, environment(wanted.environment)};
    // Kubernetes sets SERVE_PORT to the address of a Service of the name `serve`.
    if (wanted.environment.ends_with("_PORT") && found.value && is_service_address(*found.value))
        found.value.reset();
    if (wanted.alias.empty())
        return found;
    auto other = environment(wanted.alias);
    // The small letters of https_proxy stand for the programs that read only those, so both may be there.
    const bool same_in_small_letters = wanted.alias.front() >= 'a' && wanted.alias.front() <= 'z';
    if (found.value && other && *found.value != *other && !same_in_small_letters)
        mistakes.push_back(fmt::format("{} and {} are both set, to different values: keep one of them",
                                       wanted.environment, wanted.alias));
    if (!found.value && other)
        found = {wanted.alias, std::move(other)};
    return found;
}

// `named`: what holds the path.
sourced_text secret_in(const std::string& path, const std::string& named, source from,
                       std::vector<std::string>& mistakes) {
    auto content = content_of(path);
    if (content.text.empty()) {
        // The value may be the secret itself instead of the name of its file.
        const bool is_path = path.starts_with('/') && async::may_quote(path, 200);
        mistakes.push_back(fmt::format("{} names {}, which {}", named,
                                       is_path ? fmt::format("'{}'", path) : "a file",
                                       content.mistake.empty() ? "is empty" : content.mistake));
        sourced_text unread;
        unread.unread = true;
        return unread;
    }
    return {std::move(content.text), from, named};
}

sourced_text collect_one(const option& wanted, const std::map<std::string, std::string, std::less<>>& flags,
                         const environment_lookup& environment, const config_texts& configured,
                         std::vector<std::string>& mistakes) {
    const auto file_name = fmt::format("{}_FILE", wanted.environment);
    auto variable = look_up(wanted, environment, mistakes);
    std::optional<std::string> file;
    if (wanted.is_secret())
        file = environment(file_name);
    if (variable.value && file)
        mistakes.push_back(fmt::format("{} and {} are both set: keep one of them", variable.name, file_name));

    if (const auto flag = flags.find(wanted.flag); !wanted.flag.empty() && flag != flags.end())
        return {flag->second, source::flag, std::string(wanted.flag)};
    if (variable.value)
        return {std::move(*variable.value), source::environment, std::string(variable.name)};
    if (file)
        return secret_in(*file, file_name, source::file, mistakes);
    const auto said = configured.values.find(wanted.environment);
    const auto said_file = configured.values.find(file_name);
    if (said != configured.values.end() && said_file != configured.values.end())
        mistakes.push_back(fmt::format("{} and {} are both set: keep one of them", said->second.given_as,
                                       said_file->second.given_as));
    if (said != configured.values.end())
        return {said->second.text, source::config, said->second.given_as};
    if (said_file != configured.values.end())
        return secret_in(said_file->second.text, said_file->second.given_as, source::config, mistakes);
    if (!wanted.standard.empty())
        return {std::string(wanted.standard), source::standard};
    return {};
}

// One value may come under several names: a flag takes precedence over the environment under another name,
// and that over the file of settings. Empty names are left out.
constexpr std::array<std::array<std::string_view, 4>, 3> same_things{
    {{"PG_CONNECTION_STRING", "DATABASE_URL", "DB_URI", "DB_URL"},
     {"JOURNAL", "KAFKA_BROKER"},
     {"AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT"}}};

// A file that a variable names counts as given by the environment.
source rank_of(source from) noexcept { return from == source::file ? source::environment : from; }

void let_the_nearest_count(std::map<std::string, sourced_text, std::less<>>& values) {
    for (const auto& names : same_things) {
        auto nearest = source::config;
        for (const auto name : names)
            if (const auto found = values.find(name); found != values.end())
                nearest = std::max(nearest, rank_of(found->second.from));
        for (const auto name : names) {
            const auto found = values.find(name);
            if (found == values.end() || found->second.from < source::config ||
                rank_of(found->second.from) == nearest)
                continue;
            const auto standard = option_named(name).standard;
            found->second =
                standard.empty() ? sourced_text{} : sourced_text{std::string(standard), source::standard};
        }
    }
}

// The text of the flag or the variable.
std::string path_in(std::string_view variable, const std::map<std::string, std::string, std::less<>>& flags,
                    const environment_lookup& environment) {
    const auto flag = flags.find(option_named(variable).flag);
    return flag != flags.end() ? flag->second : environment(variable).value_or("");
}

} // namespace

texts collect(const std::map<std::string, std::string, std::less<>>& flags,
              const environment_lookup& environment) {
    texts result;
    auto configured = read_config_files(path_in("EVENT_ARCHIVER_CONFIG", flags, environment),
                                        path_in("EVENT_ARCHIVER_KNEXFILE", flags, environment), environment);
    result.mistakes = std::move(configured.mistakes);
    result.unread = configured.unread;
    for (const auto& wanted : options())
        result.values.emplace(wanted.environment,
                              collect_one(wanted, flags, environment, configured, result.mistakes));
    let_the_nearest_count(result.values);
    // One flag for both.
    if (const auto& flag = result["ARCHIVE_SIDE_EFFECTS"]; flag.from == source::flag)
        result.values.insert_or_assign("EXPORT_SIDE_EFFECTS", flag);
    return result;
}

} // namespace app
