#include "app/run/projections/projection_roles.hpp"

#include "events/projection/follow/engine.hpp"

#include <algorithm>

namespace app {

namespace {

bool is_named(const events::projection_definition& which, const projection_settings& wanted) {
    return std::ranges::any_of(wanted.names, [&which](const std::string& each) {
        return each == which.name || each == events::position_name(which, {});
    });
}

bool is_of_a_served_api(const std::string& projection, const serve_settings& serving) {
    return std::ranges::any_of(serving.apis,
                               [&projection](api each) { return projection_of_api(each) == projection; });
}

} // namespace

std::string_view projection_of_api(api which) noexcept {
    switch (which) {
    case api::live:
        return "revenue";
    case api::timestamps:
        return "timestamps";
    case api::builds:
        return "builds";
    case api::exports:
    case api::events:
        break;
    }
    return {};
}

projection_roles roles_of(const events::projection_definition& which, bool is_shipped,
                          const configuration& settings) {
    const auto& wanted = settings.projections;
    projection_roles roles;
    roles.is_of_the_apis = !is_shipped || is_of_a_served_api(which.name, settings.serving);
    bool is_chosen = false;
    switch (wanted.choice) {
    case projection_choice::of_the_apis:
        is_chosen = roles.is_of_the_apis;
        break;
    case projection_choice::all:
        is_chosen = true;
        break;
    case projection_choice::named:
        is_chosen = is_named(which, wanted);
        roles.is_awaited = roles.is_of_the_apis && !is_chosen && !settings.journal.in_kafka();
        break;
    case projection_choice::none:
        roles.is_awaited = roles.is_of_the_apis;
        break;
    }
    roles.runs_here = is_chosen && !settings.journal.none;
    roles.answers = roles.is_of_the_apis || is_chosen;
    return roles;
}

} // namespace app
