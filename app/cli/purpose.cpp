#include "app/cli/purpose.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

namespace app {

purpose purpose_of(const command_line& what, const texts& given) {
    const bool of_exports =
        !given["PG_CONNECTION_STRING"].set() && (given["DATABASE_URL"].set() || given["DB_URI"].set());
    if (what.command == command::serve || (what.command == command::config && of_exports))
        return purpose::serving;
    if (what.command == command::export_tasks || (what.command == command::recover && what.exports))
        return purpose::exports;
    return what.command == command::list ? purpose::inventory : purpose::archive;
}

telemetry::label_list file_labels_of(const command_line& what, const configuration& settings) {
    telemetry::label_list labels{{"command", std::string(info_of(what.command).name)}};
    if (what.command == command::export_tasks)
        labels.emplace_back("tasks",
                            what.tasks.empty() ? "all" : fmt::format("{}", fmt::join(what.tasks, ",")));
    else
        labels.emplace_back("table", settings.job.table);
    labels.emplace_back("place", settings.metrics.instance);
    return labels;
}

} // namespace app
