// What `serve` does about a projection, from its settings alone.
// Tested by tests/unit/app/run/projections/projection_roles_test.cpp.
#pragma once

#include "app/settings/configuration.hpp"
#include "events/projection/definition.hpp"

#include <string_view>

namespace app {

// The shipped projection of an API; empty: it has none.
[[nodiscard]] std::string_view projection_of_api(api which) noexcept;

struct projection_roles {
    // It is the shipped one of an API that is served, or one of PROJECTIONS_PATH.
    bool is_of_the_apis = false;
    bool runs_here = false; // its events are applied by this process
    bool answers = false;   // its queries are answered by this process
    // It is of the APIs, and another process runs it, which may not have begun.
    bool is_awaited = false;
};
[[nodiscard]] projection_roles roles_of(const events::projection_definition& which, bool is_shipped,
                                        const configuration& settings);

} // namespace app
