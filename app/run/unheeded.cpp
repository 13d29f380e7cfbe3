#include "app/run/unheeded.hpp"

namespace app {

void warn_of_unheeded(const configuration& settings, async::log& log) {
    for (const auto& clause : settings.unheeded)
        log.warn("config.unheeded", clause);
}

} // namespace app
