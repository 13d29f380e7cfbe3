// The output of `archive`, `restore` and `recover` with -o json: docs/json.md.
// Tested by tests/unit/app/observe/run_json_test.cpp.
#pragma once

#include "app/observe/summary.hpp"

#include <string>

namespace app {

// One line. For a run that succeeded.
[[nodiscard]] std::string run_document(const summary_facts& facts);

} // namespace app
