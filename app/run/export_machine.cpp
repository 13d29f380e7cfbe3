#include "app/run/export_machine.hpp"

#include "app/observe/run_id.hpp"
#include "app/run/clear_text.hpp"
#include "app/run/connections.hpp"
#include "azure/blob/blob_client.hpp"
#include "exports/directory_sink.hpp"
#include "exports/lake_sink.hpp"
#include "lake/folder.hpp"

#include <fmt/format.h>

namespace app {

struct export_machine::lake_link {
    lake_link(const boost::asio::any_io_executor& executor, const configuration& settings,
              async::retry_context& retries, async::log& sink, azure::token_source* tokens)
        : pool(executor, settings.account.blob, pool_options_of(settings, settings.account.blob), sink)
        , client(settings.account, settings.exporting.container, client_options_of(settings), pool, retries,
                 sink, tokens)
        , directories(executor, settings.account, settings.exporting.container, client_options_of(settings),
                      pool_options_of(settings, settings.account.dfs.value_or(settings.account.blob)),
                      retries, sink, tokens)
        , folder(client, settings.exporting.folder, &directories, settings.job.placement.encryption_scope) {}

    http::session_pool pool;
    azure::blob_client client;
    azure::directory_client directories;
    lake::folder folder;
};

export_machine::export_machine(const boost::asio::any_io_executor& executor, const configuration& settings,
                               async::stop_source& stop, async::log& sink, std::string run_id)
    : settings_(settings)
    , stop_(stop)
    , run_id_(std::move(run_id))
    , retries_{async::retry_policy{settings.retries + 1}, async::make_random_source(), sink, retry_count_}
    , tokens_(make_token_source(settings, executor, retries_, helper_, sink))
    , database_(connect_options_of(settings, tokens_.get(), sink))
    , access_{database_, helper_, sink}
    , tasks_(settings.exporting.tasks, reading_) {
    if (settings.exporting.to == exports::destination::lake) {
        lake_ = std::make_unique<lake_link>(executor, settings, retries_, sink, tokens_.get());
        files_ = std::make_unique<exports::lake_sink>(lake_->folder, settings.job.placement, retries_,
                                                      settings.exporting.memory_bytes,
                                                      settings.exporting.parallel, run_id_);
    } else {
        files_ = std::make_unique<exports::directory_sink>(settings.exporting.directory, writing_, reading_);
    }
    exporter_ = std::make_unique<exports::exporter>(context_with(sink));
}

exports::export_context export_machine::context_with(async::log& sink) {
    return {settings_.exporting, access_, *files_, sink, stop_, run_id_, [] { return random_hex(28); }};
}

exports::exporter export_machine::exporter_with(async::log& sink) {
    return exports::exporter(context_with(sink));
}

export_machine::~export_machine() = default;

void export_machine::close() {
    if (lake_) {
        lake_->pool.close();
        lake_->directories.close();
    }
    if (tokens_)
        tokens_->close();
}

run_costs export_machine::costs() const {
    run_costs costs;
    costs.retries = retry_count_;
    if (lake_) {
        costs.requests = lake_->pool.counters().requests + lake_->directories.requests();
        costs.bytes_sent = lake_->pool.counters().bytes_sent;
    }
    return costs;
}

void log_exports_start(async::log& sink, std::string_view command, const configuration& settings) {
    const auto& exports = settings.exporting;
    sink.info("run.start", fmt::format("{} begins", command),
              {{"version", EVENT_ARCHIVER_VERSION},
               {"database", db::describe_conninfo(settings.database)},
               {"tasks", exports.tasks.string()},
               {"to", exports.to == exports::destination::lake
                          ? fmt::format("{}/{}", exports.container, exports.folder)
                          : exports.directory.string()},
               {"time_zone", exports.time_zone},
               {"dry_run", exports.dry_run}});
    if (exports.to == exports::destination::lake)
        warn_of_clear_text(settings, sink);
}

} // namespace app
