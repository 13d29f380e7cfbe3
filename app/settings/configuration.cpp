#include "app/settings/configuration.hpp"

#include "app/settings/checker.hpp"
#include "app/settings/features.hpp"

#include <variant>

namespace app {

std::string archive_path(const configuration& settings) {
    return settings.job.folder.empty() ? settings.container : settings.container + "/" + settings.job.folder;
}

std::string_view lake_identity(const configuration& settings) noexcept {
    const auto& credential = settings.account.credential;
    return settings.identity && std::holds_alternative<azure::entra_identity>(credential)
               ? azure::to_string(settings.identity->kind)
               : azure::to_string(credential);
}

checked_configuration check(const texts& given, const environment_lookup& environment, app::purpose purpose) {
    checked_configuration result;
    result.mistakes = given.mistakes;
    checker settings(given, environment, purpose, result);
    for (const auto& each : features())
        each.check(settings);
    if (given.unread) // the other mistakes are probably about the content of that file
        result.mistakes = given.mistakes;
    return result;
}

} // namespace app
