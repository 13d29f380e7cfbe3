#include "app/settings/unknown_variables.hpp"

#include "app/settings/nearest.hpp"
#include "app/settings/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unistd.h>

namespace app {

namespace {

constexpr std::array<std::string_view, 6> prefixes{"ARCHIVE_", "EXPORT_",  "SERVE_",
                                                   "EVENT_",   "JOURNAL_", "PROJECT"};

// systemd sets it in each service that writes to the journal.
constexpr std::string_view variable_of_systemd = "JOURNAL_STREAM";

// Of our own builds and tests.
constexpr std::array<std::string_view, 14> variables_of_tests{
    "EVENT_ARCHIVER_BINARY",       "EVENT_ARCHIVER_FAULT_BINARY", "EVENT_ARCHIVER_FAULT",
    "EVENT_ARCHIVER_FAULT_TRACE",  "EVENT_ARCHIVER_IMAGE",        "EVENT_ARCHIVER_WALK",
    "EVENT_ARCHIVER_TEST_STORAGE", "EVENT_ARCHIVER_TEST_CA",      "EVENT_ARCHIVER_TEST_STORAGE_TLS",
    "EVENT_ARCHIVER_BUILD",        "EVENT_ARCHIVER_SOURCE",       "EVENT_ARCHIVER_TEST_DATABASE",
    "EVENT_ARCHIVER_MAINTAINER",   "EVENT_ARCHIVER_DUMPABLE"};

std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    return result;
}

std::vector<std::string> names_of_settings() {
    std::vector<std::string> names;
    for (const auto& setting : options()) {
        names.emplace_back(setting.environment);
        if (!setting.alias.empty())
            names.emplace_back(setting.alias);
        if (setting.is_secret())
            names.push_back(fmt::format("{}_FILE", setting.environment));
    }
    return names;
}

// Whether the name has the part for one port of a service: _PORT_80_TCP.
bool names_a_port(std::string_view name) {
    constexpr std::string_view word = "_PORT_";
    for (auto at = name.find(word); at != std::string_view::npos; at = name.find(word, at + 1)) {
        const auto rest = name.substr(at + word.size());
        const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
        const auto protocol = rest.substr(digits);
        if (digits > 0 &&
            (protocol.starts_with("_TCP") || protocol.starts_with("_UDP") || protocol.starts_with("_SCTP")))
            return true;
    }
    return false;
}

// What Kubernetes sets in a pod for each service of its namespace, in the service's name: NAME_SERVICE_HOST,
// NAME_SERVICE_PORT, NAME_SERVICE_PORT_HTTP, NAME_PORT, NAME_PORT_80_TCP and what begins like that.
bool is_service_link(const environment_entry& each) {
    const std::string_view name = each.name;
    if (name.ends_with("_SERVICE_HOST") || names_a_port(name))
        return true;
    if (name.ends_with("_SERVICE_PORT") || name.find("_SERVICE_PORT_") != std::string_view::npos)
        return std::ranges::all_of(each.value, [](char letter) { return letter >= '0' && letter <= '9'; });
    return name.ends_with("_PORT") && is_service_address(each.value);
}

// The setting that was meant, or empty. The likeliest mistakes are an extra prefix and that of another
// command: EXPORT_DRY_RUN, ARCHIVE_LOG_LEVEL.
std::string_view meant_by(std::string_view name, std::string_view prefix,
                          std::span<const std::string_view> known) {
    for (auto cut = name.find('_'); cut != std::string_view::npos; cut = name.find('_', cut + 1))
        if (const auto same = std::ranges::find(known, name.substr(cut + 1)); same != known.end())
            return *same;
    for (const auto candidate : known) // EVENT_RETENTION
        if (candidate.starts_with(name))
            return candidate;
    const auto near = nearest(name, known);
    return near.empty() ? nearest(name.substr(prefix.size()), known) : near;
}

// DRYRUN, DRY-RUN: without the setting, the run would delete rows.
bool is_dry_run_otherwise(std::string_view upper_name) {
    std::string letters(upper_name);
    std::erase_if(letters, [](char each) { return each == '_' || each == '-'; });
    return letters == "DRYRUN" && upper_name != "DRY_RUN";
}

} // namespace

bool is_service_address(std::string_view value) noexcept {
    const auto scheme = value.substr(0, value.find("://"));
    return scheme.size() < value.size() && (scheme == "tcp" || scheme == "udp" || scheme == "sctp");
}

std::vector<environment_entry> process_variables() {
    std::vector<environment_entry> found;
    for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string_view::npos && equals + 1 < text.size())
            found.push_back({std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))});
    }
    return found;
}

std::vector<std::string> unknown_variables(std::span<const environment_entry> environment) {
    const auto names = names_of_settings();
    std::vector<std::string_view> known(names.begin(), names.end());
    const auto among = [](std::string_view name, const auto& list) {
        return std::ranges::find(list, name) != std::ranges::end(list);
    };
    std::vector<std::string> mistakes;
    for (const auto& each : environment) {
        const auto name = upper(each.name);
        const auto prefix = std::ranges::find_if(
            prefixes, [&name](std::string_view start) { return name.starts_with(start); });
        const bool spelt_otherwise = name != each.name;
        if (is_dry_run_otherwise(name)) {
            mistakes.push_back(fmt::format("'{}' is not a setting; did you mean 'DRY_RUN'?", each.name));
            continue;
        }
        if (prefix == prefixes.end() && !(spelt_otherwise && name == "DRY_RUN"))
            continue;
        // A variable in lowercase belongs to another program, unless a setting is spelled like that; a single
        // word such as `project` always does.
        if (spelt_otherwise ? !among(name, names) || name.find('_') == std::string::npos
                            : among(name, known) || among(name, variables_of_tests) ||
                                  name == variable_of_systemd || is_service_link(each))
            continue;
        const auto meant = spelt_otherwise ? std::string_view(name) : meant_by(name, *prefix, known);
        if (meant.empty())
            mistakes.push_back(fmt::format(
                "'{}' is not a setting, and names that begin with {} are settings: remove the variable",
                each.name, *prefix));
        else
            mistakes.push_back(fmt::format("'{}' is not a setting; did you mean '{}'?", each.name, meant));
    }
    std::ranges::sort(mistakes);
    return mistakes;
}

std::vector<std::string> variables_of_libraries(std::span<const environment_entry> environment) {
    constexpr std::array<std::string_view, 3> of_openssl{"SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF"};
    const auto settings = names_of_settings();
    std::vector<std::string> found;
    for (const auto& each : environment) {
        const bool of_libpq =
            each.name.starts_with("PG") && std::ranges::find(settings, each.name) == settings.end();
        if (of_libpq || std::ranges::find(of_openssl, each.name) != of_openssl.end())
            found.push_back(each.name);
    }
    std::ranges::sort(found);
    return found;
}

} // namespace app
