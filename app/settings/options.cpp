#include "app/settings/options.hpp"

#include "app/settings/features.hpp"
#include "app/settings/mistake.hpp"
#include "async/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace app {

std::span<const option> options() noexcept {
    static const auto table = [] {
        std::vector<option> all;
        for (const auto& each : features())
            all.insert(all.end(), each.options.begin(), each.options.end());
        return all;
    }();
    return table;
}

namespace {

// Words that stand in front of '=' or ':' and a secret.
constexpr std::array<std::string_view, 10> names_of_secrets{
    "accountkey", "sharedaccess", "sig",   "password", "passwd",
    "pwd",        "secret",       "token", "apikey",   "authorization"};

// user:password@host, with or without a scheme before it.
bool names_a_user(std::string_view text) noexcept {
    const auto at = text.rfind('@');
    return at != std::string_view::npos && text.substr(0, at).find(':') != std::string_view::npos;
}

// A URL with a user or a query, a connection string, a signature: in a setting that should hold none of them.
bool looks_like_a_secret(std::string_view text) {
    const auto query = text.find('?');
    const auto holds = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
    if (names_a_user(text) ||
        (query != std::string_view::npos && text.find('=', query) != std::string_view::npos) ||
        (holds("://") && holds("#")) || (holds("=") && (holds(";") || holds("&"))))
        return true;
    const auto lower = async::lowercase(text);
    return std::ranges::any_of(names_of_secrets, [&lower](std::string_view name) {
        for (auto at = lower.find(name); at != std::string::npos; at = lower.find(name, at + 1)) {
            const auto behind = lower.find_first_not_of(" \t", at + name.size());
            if (behind != std::string::npos && (lower[behind] == '=' || lower[behind] == ':'))
                return true;
        }
        return false;
    });
}

} // namespace

std::string shown_path(std::string_view path) {
    return looks_like_a_secret(path) ? std::string("what was given") : fmt::format("'{}'", path);
}

bool may_show(const option& setting, std::string_view text) {
    if (setting.secrecy == secrecy::url)
        return text.find_first_of("@?#") == std::string_view::npos && !looks_like_a_secret(text);
    return setting.secrecy == secrecy::open && !looks_like_a_secret(text);
}

const option& option_named(std::string_view environment) {
    for (const auto& candidate : options())
        if (candidate.environment == environment)
            return candidate;
    throw std::out_of_range("no such option: " + std::string(environment));
}

} // namespace app
