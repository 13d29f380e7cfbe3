// `check --for export`: checks everything that exports need.
// Tested by tests/integration/test_check_aims.py.
#pragma once

#include "app/run/exports/export_machine.hpp"
#include "app/settings/configuration.hpp"
#include "archive/look/preflight.hpp"

#include <vector>

namespace app {

struct export_check_context {
    const configuration& settings; // checked for purpose::exports
    export_machine& machine;
    archive::check_listener ended; // may be empty
};

// Makes all checks, also after one has failed. Runs no statement of a task; the server plans them. In the
// storage account it writes one blob and deletes it again, as the preflight of the archive does.
[[nodiscard]] async::awaitable<std::vector<archive::check_line>> check_exports(export_check_context context);

} // namespace app
