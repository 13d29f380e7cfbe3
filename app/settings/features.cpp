#include "app/settings/features.hpp"

#include <algorithm>
#include <array>

namespace app {

std::span<const feature> features() noexcept {
    static const std::array table{configuring_settings(), database_settings(), storage_settings(),
                                  archiving_settings(),   file_settings(),     resource_settings(),
                                  exporting_settings(),   serving_settings(),  journaling_settings(),
                                  projecting_settings(),  logging_settings(),  measuring_settings()};
    return table;
}

std::string_view title_of(const option& setting) noexcept {
    for (const auto& each : features())
        if (std::ranges::find(each.options, setting.environment, &option::environment) != each.options.end())
            return each.title;
    return {};
}

} // namespace app
