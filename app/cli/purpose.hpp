// Which settings a command line needs.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"
#include "telemetry/metric.hpp"

namespace app {

// `config` shows the settings, and what is wrong with them for the command that they are meant for.
[[nodiscard]] purpose purpose_of(const command_line& request, const texts& given);

// The command, the table or the tasks, and the place: what a metrics file says of each of its metrics.
[[nodiscard]] telemetry::label_list file_labels_of(const command_line& request,
                                                   const configuration& settings);

} // namespace app
