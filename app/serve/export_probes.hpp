// What exports need besides the database.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/serve/readiness.hpp"
#include "exports/sink.hpp"

#include <filesystem>

namespace app {

[[nodiscard]] readiness_probe tasks_probe(std::filesystem::path directory);
// Files can be put where they go. `output` must outlive the probe.
[[nodiscard]] readiness_probe output_probe(exports::sink& output);

} // namespace app
