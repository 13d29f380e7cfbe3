#include "app/settings/mistake.hpp"

#include "async/quotable.hpp"

#include <fmt/format.h>

namespace app {

std::string mistake_in(std::string_view name, std::string_view text, std::string_view clause) {
    return async::may_quote(text) ? fmt::format("{} is '{}': {}", name, text, clause)
                                  : fmt::format("{}: {}", name, clause);
}

std::string mistake_in(const option& setting, const sourced_text& given, std::string_view clause) {
    const std::string_view name =
        given.given_as.empty() ? setting.environment : std::string_view(given.given_as);
    return may_show(setting, given.text) ? mistake_in(name, given.text, clause)
                                         : fmt::format("{}: {}", name, clause);
}

} // namespace app
