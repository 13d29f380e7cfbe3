#include "app/cli/purpose.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

namespace app {

purpose purpose_of(const command_line& request, const texts& given) {
    const bool of_exports =
        !given["PG_CONNECTION_STRING"].set() && (given["DATABASE_URL"].set() || given["DB_URI"].set());
    if (request.command == command::serve || request.checking == check_aim::server ||
        (request.command == command::config && of_exports))
        return purpose::serving;
    if (request.command == command::journal)
        return purpose::journal;
    if (request.command == command::send)
        return purpose::sending;
    using action = projection_request::action;
    const auto what = request.projection.what;
    if (request.command == command::projections && (what == action::replay || what == action::rebuild))
        return purpose::replaying;
    if (request.command == command::project || request.command == command::projections ||
        request.command == command::dead_letters || request.command == command::migrate ||
        request.checking == check_aim::projections)
        return purpose::projecting;
    if (request.command == command::export_tasks ||
        (request.command == command::recover && request.exports) || request.checking == check_aim::exports)
        return purpose::exports;
    const bool of_files =
        request.command == command::list || (request.command == command::cat && request.cat.where.empty());
    return of_files ? purpose::inventory : purpose::archive;
}

telemetry::label_list file_labels_of(const command_line& request, const configuration& settings) {
    telemetry::label_list labels{{"command", std::string(info_of(request.command).name)}};
    if (request.command == command::export_tasks)
        labels.emplace_back("tasks",
                            request.tasks.empty() ? "all" : fmt::format("{}", fmt::join(request.tasks, ",")));
    else
        labels.emplace_back("table", settings.job.table);
    labels.emplace_back("place", settings.metrics.instance);
    return labels;
}

} // namespace app
