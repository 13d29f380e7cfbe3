// The last line of the commands `journal` and `send`, which have few facts to report.
// Tested by tests/integration/test_send.py.
#pragma once

#include "app/observe/run_log.hpp"
#include "app/observe/summary.hpp"
#include "async/log.hpp"

#include <chrono>
#include <string_view>
#include <vector>

namespace app {

struct plain_summary {
    std::string_view command;
    int exit_code = 0;
    std::chrono::steady_clock::duration duration{};
    failure_facts failed = {};
};

// "event":"run.summary"; docs/json.md lists its fields. `more`: those of the command.
void log_summary(async::log& log, const plain_summary& facts, std::string_view sentence,
                 const std::vector<async::log_field>& more = {});

} // namespace app
