#include "app/settings/options.hpp"

#include "app/settings/features.hpp"

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

// A URL with a user or a query, a connection string, a signature: in a setting that should hold none of them.
bool looks_like_a_secret(std::string_view text) noexcept {
    const auto scheme = text.find("://");
    const auto query = text.find('?');
    const auto holds = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
    return (scheme != std::string_view::npos && text.find('@', scheme) != std::string_view::npos) ||
           (query != std::string_view::npos && text.find('=', query) != std::string_view::npos) ||
           (holds("=") && holds(";")) || holds("AccountKey=") || holds("SharedAccessSignature=") ||
           holds("sig=") || holds("password=") || holds("PASSWORD=") || holds("Password=");
}

} // namespace

bool may_show(const option& setting, std::string_view text) noexcept {
    if (setting.secrecy == secrecy::url)
        return text.find_first_of("@?") == std::string_view::npos;
    return setting.secrecy == secrecy::open && !looks_like_a_secret(text);
}

const option& option_named(std::string_view environment) {
    for (const auto& candidate : options())
        if (candidate.environment == environment)
            return candidate;
    throw std::out_of_range("no such option: " + std::string(environment));
}

} // namespace app
