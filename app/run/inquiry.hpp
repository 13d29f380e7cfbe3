// The commands that change nothing: plan, list, cat, verify, check.
// Tested by tests/integration/test_plan.py, test_list.py, test_cat.py, test_verify.py and test_check.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/page/report_page.hpp"
#include "app/settings/configuration.hpp"
#include "app/text/output_format.hpp"
#include "archive/report.hpp"
#include "async/helper_thread.hpp"
#include "db/session_scope.hpp"
#include "lake/folder/folder.hpp"

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
    std::string not_ours = {};      // a warning: another database or table owns the folder; may be empty
};

struct inquiry_answer {
    std::string text; // for stdout
    int exit_code = 0;
    std::optional<report_page> page = {}; // for --report
};

// Throws if it cannot answer at all.
[[nodiscard]] async::awaitable<inquiry_answer> inquire(const command_line& request, inquiry_context context);

// The answer of `check` if settings are wrong: nothing else can be checked then.
[[nodiscard]] inquiry_answer check_without_settings(const std::vector<std::string>& mistakes,
                                                    output_format format);

} // namespace app
