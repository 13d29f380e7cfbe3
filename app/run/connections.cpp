#include "app/run/connections.hpp"

#include "app/run/clear_text.hpp"

namespace app {

db::connect_options connect_options_of(const configuration& settings, azure::token_source* tokens,
                                       async::log& sink) {
    db::connect_options options;
    options.conninfo = settings.database;
    options.application_name = "event-archiver";
    options.opened = clear_text_watch(db::describe_conninfo(settings.database), sink);
    if (settings.database_by_identity)
        options.password = [tokens] {
            return tokens->token(std::string(azure::database_scope(tokens->who())), {});
        };
    return options;
}

http::pool_options pool_options_of(const configuration& settings, const http::endpoint& server) {
    http::pool_options options;
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
                                                       async::helper_thread& helper, async::log& sink) {
    if (!settings.identity)
        return nullptr;
    azure::token_options options;
    options.connections = pool_options_of(settings, settings.identity->server);
    return std::make_unique<azure::token_source>(executor, *settings.identity, options, retries, helper,
                                                 sink);
}

} // namespace app
