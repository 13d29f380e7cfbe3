// Which projections a command is about: those that are shipped, and those of PROJECTIONS_PATH.
// Tested by tests/integration/test_projections.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "async/log.hpp"
#include "events/projection/definition.hpp"

#include <string>
#include <vector>

namespace app {

// All there are, with their mistakes, by name. Throws async::error(precondition) for a directory that cannot
// be read. Blocks.
[[nodiscard]] std::vector<events::projection_definition> all_projections(const configuration& settings);

// The projections with these names; without names, all. Throws async::error(usage) for an unknown name,
// async::error(precondition) if a projection that is asked for by name has a mistake.
[[nodiscard]] std::vector<events::projection_definition>
named_projections(std::vector<events::projection_definition> there, const std::vector<std::string>& names);

// What PROJECT says; unset: all. As `project` understands it.
[[nodiscard]] std::vector<events::projection_definition>
projections_to_run(std::vector<events::projection_definition> there, const projection_settings& settings);

// Those that belong to the APIs of `serve`, as far as they are there, and those of PROJECTIONS_PATH.
[[nodiscard]] std::vector<events::projection_definition>
projections_of_the_apis(std::vector<events::projection_definition> there, const configuration& settings);

// Why the projections that come with the program cannot be used, with what to do; empty: they can.
[[nodiscard]] std::string shipped_projections_problem();

// What `serve` runs: what PROJECT says; unset: those of its APIs, and those of PROJECTIONS_PATH.
// Throws async::error(precondition) where that of an API is not there.
[[nodiscard]] std::vector<events::projection_definition>
projections_to_serve(std::vector<events::projection_definition> there, const configuration& settings);

// Those without a mistake. The mistakes of the others are logged.
[[nodiscard]] std::vector<events::projection_definition>
runnable_projections(std::vector<events::projection_definition> all, async::log& log);

} // namespace app
