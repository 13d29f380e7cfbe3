// The projections that a command is about: those that are shipped, and those of PROJECTIONS_PATH.
// Tested by tests/integration/test_projections.py.
#pragma once

#include "app/run/projections/projection_roles.hpp"
#include "app/settings/configuration.hpp"
#include "async/log.hpp"
#include "events/projection/definition.hpp"
#include "events/projection/follow/projection_files.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace app {

// All projections by name, also those with mistakes. Throws async::error(precondition) for a directory that
// cannot be read. Blocks.
[[nodiscard]] std::vector<events::projection_definition> all_projections(const configuration& settings);

// For an engine that reads the files of a projection again. `settings` must outlive it.
[[nodiscard]] events::definition_reader definition_reader_of(const configuration& settings);

// Their names alone.
[[nodiscard]] std::vector<std::string> names_of(const std::vector<events::projection_definition>& all);

// The projections with these names, or with the names of their positions (`name@group`, as `projections`
// shows them, for this KAFKA_GROUP_ID); without names, all. Throws async::error(usage) for an unknown name,
// async::error(precondition) if a projection that is asked for by name has a mistake.
[[nodiscard]] std::vector<events::projection_definition>
named_projections(std::vector<events::projection_definition> there, const std::vector<std::string>& names,
                  const std::string& group);

// The projections that PROJECT names, as `project` understands it; unset: all.
[[nodiscard]] std::vector<events::projection_definition>
projections_to_run(std::vector<events::projection_definition> there, const projection_settings& settings);

// The same for `check`, which looks at everything: those with a mistake too. An unknown name becomes one
// without a directory, whose mistake says so.
[[nodiscard]] std::vector<events::projection_definition>
projections_to_check(const std::vector<events::projection_definition>& there,
                     const projection_settings& settings);

// What is to be done about its mistake.
[[nodiscard]] std::string remedy_for(const events::projection_definition& which);

// Throws async::error(precondition) if the projection of an API of `serve` does not exist.
void must_have_those_of_the_apis(const std::vector<events::projection_definition>& there,
                                 const configuration& settings);

// What `serve` does about one of them.
[[nodiscard]] projection_roles roles_of(const events::projection_definition& which,
                                        const configuration& settings);

// Those whose queries `serve` answers. Blocks. Throws async::error(precondition) if the projection of an API
// does not exist, or one that PROJECT names has a mistake; async::error(usage) for an unknown name.
[[nodiscard]] std::vector<events::projection_definition>
projections_with_queries(const configuration& settings);

// Why the projections that come with the program cannot be used, with what to do; empty: they can.
[[nodiscard]] std::string shipped_projections_problem();

// The projections that `serve` runs: those that PROJECT names; unset: those of its APIs, and those of
// PROJECTIONS_PATH. Throws async::error(precondition) if the projection of an API does not exist.
[[nodiscard]] std::vector<events::projection_definition>
projections_to_serve(std::vector<events::projection_definition> there, const configuration& settings);

// What becomes of projections with a mistake: they are left out, or wait until the mistake is mended and they
// are resumed, if their projection.conf has none.
enum class broken_directories : std::uint8_t { left_out, wait };
// The projections that can run. Mistakes are logged.
[[nodiscard]] std::vector<events::projection_definition>
runnable_projections(std::vector<events::projection_definition> all, broken_directories broken,
                     async::log& log);

} // namespace app
