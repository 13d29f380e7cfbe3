#include "app/run/exports/export_machine.hpp"

#include "app/observe/run_id.hpp"
#include "app/run/clear_text.hpp"
#include "app/run/unheeded.hpp"
#include "db/conninfo.hpp"
#include "exports/sink/directory_sink.hpp"
#include "exports/sink/lake_sink.hpp"

#include <fmt/format.h>

namespace app {

namespace {

std::optional<lake_place> place_of(const exports::settings& exporting) {
    if (exporting.to != exports::destination::lake)
        return std::nullopt;
    return lake_place{exporting.container, exporting.folder};
}

} // namespace

export_machine::export_machine(const boost::asio::any_io_executor& executor, const configuration& settings,
                               async::stop_source& stop, async::helper_thread& blocking_calls,
                               async::log& log, std::string run_id)
    : settings_(settings)
    , stop_(stop)
    , run_id_(std::move(run_id))
    , connections_(executor, settings, place_of(settings.exporting), blocking_calls, log)
    , tasks_(settings.exporting.tasks, reading_) {
    if (settings.exporting.to == exports::destination::lake)
        files_ = std::make_unique<exports::lake_sink>(connections_.folder(), settings.job.placement,
                                                      connections_.retries(), settings.exporting.memory_bytes,
                                                      settings.exporting.parallel, run_id_);
    else
        files_ = std::make_unique<exports::directory_sink>(settings.exporting.directory, writing_, reading_);
    auto context = context_with(log);
    context.progress = &progress_;
    exporter_ = std::make_unique<exports::exporter>(std::move(context));
}

exports::export_context export_machine::context_with(async::log& log) {
    return {settings_.exporting,          connections_.database(), *files_, log, stop_, run_id_,
            [] { return random_hex(28); }};
}

exports::exporter export_machine::exporter_with(async::log& log) {
    return exports::exporter(context_with(log));
}

void log_exports_start(async::log& log, std::string_view command, const configuration& settings) {
    const auto& exports = settings.exporting;
    log.info("run.start", fmt::format("{} begins", command),
             {{"version", EVENT_ARCHIVER_VERSION},
              {"database", db::describe_conninfo(settings.database)},
              {"tasks", exports.tasks.string()},
              {"to", exports.to == exports::destination::lake
                         ? fmt::format("{}/{}", exports.container, exports.folder)
                         : exports.directory.string()},
              {"time_zone", exports.time_zone},
              {"dry_run", exports.dry_run}});
    warn_of_unheeded(settings, log);
    if (exports.to == exports::destination::lake)
        warn_of_clear_text(settings, log);
}

} // namespace app
