#include "azure/blob/directory.hpp"

#include <algorithm>
#include <utility>

namespace azure {

namespace {

constexpr int tries_max = 2;

async::retry_context hasty(const async::retry_context& retries) {
    auto few = retries;
    few.policy.tries_max = std::min(few.policy.tries_max, tries_max);
    return few;
}

} // namespace

directory_client::directory_client(const async::asio::any_io_executor& executor, account owner,
                                   std::string container, client_options options,
                                   http::pool_options connections, async::retry_context& retries,
                                   async::log& log, token_source* tokens)
    : executor_(executor)
    , owner_(std::move(owner))
    , container_(std::move(container))
    , options_(options)
    , connections_(std::move(connections))
    , retries_(hasty(retries))
    , log_(log)
    , tokens_(tokens) {}

async::awaitable<void> directory_client::ensure(std::string name) {
    // The account as it is seen from there: signed in the same way.
    auto there = owner_;
    there.blob = owner_.dfs.value();
    if (!pool_)
        pool_.emplace(executor_, there.blob, connections_, log_);
    blob_client client(std::move(there), container_, options_, *pool_, retries_, log_, tokens_);
    co_await client.ensure_directory(name);
}

void directory_client::close() {
    if (pool_)
        pool_->close();
}

std::uint64_t directory_client::requests() const noexcept { return pool_ ? pool_->counters().requests : 0; }

} // namespace azure
