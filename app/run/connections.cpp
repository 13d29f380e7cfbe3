#include "app/run/connections.hpp"

#include "app/run/clear_text.hpp"
#include "azure/blob/blob_client.hpp"
#include "azure/blob/directory.hpp"
#include "db/conninfo.hpp"
#include "http/client/proxy.hpp"
#include "http/client/session_pool.hpp"

namespace app {

namespace {

http::pool_options pool_options_of(const configuration& settings, const http::endpoint& server,
                                   async::helper_thread& helper) {
    http::pool_options options;
    options.names = &helper;
    options.connections_max =
        settings.job.parallel + 1; // one is left to renew the lease while all are at work
    if (settings.proxy && !http::bypasses_proxy(server, settings.no_proxy))
        options.proxy = settings.proxy;
    return options;
}

azure::client_options client_options_of(const configuration& settings) {
    azure::client_options options;
    options.request_timeout = settings.request_timeout;
    return options;
}

std::unique_ptr<azure::token_source> make_token_source(const configuration& settings,
                                                       const boost::asio::any_io_executor& executor,
                                                       async::retry_context& retries,
                                                       async::helper_thread& helper, async::log& log) {
    if (!settings.identity)
        return nullptr;
    azure::token_options options;
    options.connections = pool_options_of(settings, settings.identity->server, helper);
    return std::make_unique<azure::token_source>(executor, *settings.identity, options, retries, helper, log);
}

db::connect_options connect_options_of(const configuration& settings, azure::token_source* tokens,
                                       async::log& log) {
    db::connect_options options;
    options.conninfo = settings.database;
    options.application_name = "event-archiver";
    options.opened = clear_text_watch(db::describe_conninfo(settings.database), log);
    if (settings.database_by_identity)
        options.password = [tokens] {
            return tokens->token(std::string(azure::database_scope(tokens->who())), {});
        };
    return options;
}

} // namespace

struct connections::lake_link {
    lake_link(const boost::asio::any_io_executor& executor, const configuration& settings,
              const lake_place& place, async::retry_context& retries, azure::token_source* tokens,
              async::helper_thread& helper, async::log& log)
        : pool(executor, settings.account.blob, pool_options_of(settings, settings.account.blob, helper), log)
        , client(settings.account, place.container, client_options_of(settings), pool, retries, log, tokens)
        , directories(executor, settings.account, place.container, client_options_of(settings),
                      pool_options_of(settings, settings.account.dfs.value_or(settings.account.blob), helper),
                      retries, log, tokens)
        , folder(client, place.folder, &directories, settings.job.placement.encryption_scope) {}

    http::session_pool pool;
    azure::blob_client client;
    azure::directory_client directories;
    lake::folder folder;
};

connections::connections(const boost::asio::any_io_executor& executor, const configuration& settings,
                         const std::optional<lake_place>& place, async::helper_thread& helper,
                         async::log& log)
    : log_(log)
    , helper_(helper)
    , retries_{async::retry_policy{settings.retries + 1}, async::make_random_source(), log, retry_count_}
    , tokens_(make_token_source(settings, executor, retries_, helper_, log))
    , database_(connect_options_of(settings, tokens_.get(), log)) {
    if (place)
        lake_ =
            std::make_unique<lake_link>(executor, settings, *place, retries_, tokens_.get(), helper_, log);
}

connections::~connections() = default;

lake::folder& connections::folder() noexcept { return lake_->folder; }

void connections::close() {
    if (lake_) {
        lake_->pool.close();
        lake_->directories.close();
    }
    if (tokens_)
        tokens_->close();
}

run_costs connections::costs() const {
    run_costs costs;
    costs.retries = retry_count_;
    if (lake_) {
        costs.requests = lake_->pool.counters().requests + lake_->directories.requests();
        costs.bytes_sent = lake_->pool.counters().bytes_sent;
    }
    return costs;
}

} // namespace app
