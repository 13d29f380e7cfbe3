#include "app/run/journal/kafka_token.hpp"

#include "async/retry.hpp"
#include "azure/auth/token_source.hpp"
#include "http/client/proxy.hpp"
#include "http/client/session_pool.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace app {

namespace {

// The source renews a token more than this long before its end, so a token that it gives is good for at least
// this long. It is asked again before this has passed.
constexpr std::chrono::minutes good_for{2};

struct source_of_tokens {
    source_of_tokens(const boost::asio::any_io_executor& executor, const configuration& settings,
                     async::helper_thread& blocking, async::log& log)
        : retries{async::retry_policy{settings.retries + 1}, async::make_random_source(), log, retry_count}
        , scope(settings.journal.kafka_token_scope)
        , tokens(executor, *settings.identity, options_of(settings, blocking), retries, blocking, log) {}

    static azure::token_options options_of(const configuration& settings, async::helper_thread& blocking) {
        azure::token_options options;
        options.connections.names = &blocking;
        if (settings.proxy && !http::bypasses_proxy(settings.identity->server, settings.no_proxy))
            options.connections.proxy = settings.proxy;
        return options;
    }

    std::uint64_t retry_count = 0;
    async::retry_context retries;
    std::string scope;
    azure::token_source tokens;
};

async::awaitable<events::kafka::token> next_token(std::shared_ptr<source_of_tokens> from) {
    events::kafka::token made;
    made.value = co_await from->tokens.token(from->scope, {});
    made.expires = std::chrono::system_clock::now() + good_for;
    made.principal = from->tokens.who().client;
    from->tokens.close(); // an idle connection would keep the loop from its end
    co_return made;
}

} // namespace

events::kafka::token_source kafka_token(const boost::asio::any_io_executor& executor,
                                        const configuration& settings, async::helper_thread& blocking,
                                        async::log& log) {
    if (settings.journal.kafka_token_scope.empty() || !settings.identity)
        return {};
    return [from = std::make_shared<source_of_tokens>(executor, settings, blocking, log)] {
        return next_token(from);
    };
}

} // namespace app
