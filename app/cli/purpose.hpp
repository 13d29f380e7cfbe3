// What a command line asks of the settings.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"
#include "telemetry/metric.hpp"

namespace app {

// `config` shows what it is given, and says what is wrong with it for whom it was meant.
[[nodiscard]] purpose purpose_of(const command_line& request, const texts& given);

// The command, the table or the tasks, and the place: what a metrics file says of each of its metrics.
[[nodiscard]] telemetry::label_list file_labels_of(const command_line& request,
                                                   const configuration& settings);

} // namespace app
