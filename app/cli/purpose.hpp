// Which settings a command line needs.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"
#include "telemetry/metric.hpp"

namespace app {

// `config` shows the settings, and their mistakes for the command that they are meant for.
[[nodiscard]] purpose purpose_of(const command_line& request, const texts& given);

// The command, the table or the tasks, and the place: the labels of each metric in a metrics file.
[[nodiscard]] telemetry::label_list file_labels_of(const command_line& request,
                                                   const configuration& settings);

} // namespace app
