#include "db/value_settings.hpp"

#include "db/impl/session_settings.hpp"

namespace db {

std::vector<std::pair<std::string_view, std::string_view>> value_settings() {
    std::vector<std::pair<std::string_view, std::string_view>> all;
    for (const session_setting& each : session_settings)
        if (each.scope == pinned_for::every_transaction && !each.name.ends_with("_timeout"))
            all.emplace_back(each.name, each.value);
    return all;
}

} // namespace db
