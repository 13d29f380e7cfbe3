#include "app/settings/features.hpp"

#include <array>

namespace app {

std::span<const feature> features() noexcept {
    static const std::array table{configuring_settings(), database_settings(), storage_settings(),
                                  archiving_settings(),   file_settings(),     resource_settings(),
                                  exporting_settings(),   serving_settings(),  journaling_settings(),
                                  projecting_settings(),  logging_settings(),  measuring_settings()};
    return table;
}

} // namespace app
