// `check --for serve`: whether a server could begin here, and could keep what it accepts.
// Tested by tests/integration/test_check_serve.py and tests/fault/test_kafka_checks.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"

namespace app {

// `settings` are those of `serve`. Makes all checks, also after one has failed, prints them, and returns the
// exit code. Makes no file, topic, table or position, and listens for no client.
[[nodiscard]] int check_server(const command_line& request, const configuration& settings);

} // namespace app
