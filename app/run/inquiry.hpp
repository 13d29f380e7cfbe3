// The commands that look and change nothing: plan, list, cat, verify, check.
// Tested by tests/integration/test_plan.py, test_list.py, test_cat.py, test_verify.py and test_check.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/page/report_page.hpp"
#include "app/settings/configuration.hpp"
#include "app/text/output_format.hpp"
#include "archive/report.hpp"
#include "async/helper_thread.hpp"
#include "db/session_scope.hpp"
#include "lake/folder.hpp"

#include <optional>
#include <string>

namespace app {

// What an inquiry uses; everything outlives it.
struct inquiry_context {
    const configuration& settings;
    db::database_access database;
    lake::folder& lake;
    archive::run_report& report;
    async::helper_thread& printing; // of an answer in parts
    std::string not_ours = {};      // that the folder belongs to another database or table; empty: it is ours
};

struct inquiry_answer {
    std::string text; // for stdout
    int exit_code = 0;
    std::optional<report_page> page = {}; // for --report
};

// Throws if it cannot answer at all.
[[nodiscard]] async::awaitable<inquiry_answer> inquire(const command_line& request, inquiry_context context);

// `check` where settings are wrong: nothing further can be looked at.
[[nodiscard]] inquiry_answer check_without_settings(const std::vector<std::string>& mistakes,
                                                    output_format format);

} // namespace app
