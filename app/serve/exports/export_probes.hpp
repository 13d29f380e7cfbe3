// What exports need besides the database.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/serve/readiness.hpp"
#include "exports/sink/sink.hpp"

#include <filesystem>

namespace app {

[[nodiscard]] readiness_probe tasks_probe(std::filesystem::path directory);
// Probes whether files can be written to `output`, which must outlive the probe.
[[nodiscard]] readiness_probe output_probe(exports::sink& output);

} // namespace app
