// What a run reaches its servers with, made from its settings.
#pragma once

#include "app/settings/configuration.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "async/retry.hpp"
#include "azure/auth/token_source.hpp"
#include "azure/blob/blob_client.hpp"
#include "db/connection.hpp"
#include "http/client/session_pool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace app {

// `tokens`: for signing in to the database as the identity; may be null. `sink` is told once of a
// connection in clear text. Both must outlive the options.
[[nodiscard]] db::connect_options connect_options_of(const configuration& settings,
                                                     azure::token_source* tokens, async::log& sink);
[[nodiscard]] http::pool_options pool_options_of(const configuration& settings, const http::endpoint& server);
[[nodiscard]] azure::client_options client_options_of(const configuration& settings);
// Null if nobody needs tokens.
[[nodiscard]] std::unique_ptr<azure::token_source>
make_token_source(const configuration& settings, const boost::asio::any_io_executor& executor,
                  async::retry_context& retries, async::helper_thread& helper, async::log& sink);

} // namespace app
