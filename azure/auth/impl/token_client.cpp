#include "azure/auth/impl/token_client.hpp"

#include "async/ascii.hpp"
#include "async/timeline.hpp"
#include "azure/auth/impl/client_assertion.hpp"
#include "azure/auth/impl/file_content.hpp"
#include "azure/impl/request_id.hpp"
#include "http/client/endpoint.hpp"

#include <fmt/format.h>

#include <span>
#include <utility>
#include <vector>

namespace azure {

using async::awaitable;
using async::deadline;

namespace {

http::pool_options connections_for(const identity& who, const token_options& options) {
    auto made = options.connections;
    made.connections_max = 1;
    if (who.managed()) {
        made.proxy.reset(); // it answers this machine alone
        made.connect_timeout = options.probe_timeout;
    }
    return made;
}

async::error nobody_answers() {
    return {async::failure::refused, "no answer from there: this machine has no managed identity",
            "Set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_TENANT_ID, AZURE_CLIENT_ID and "
            "AZURE_CLIENT_SECRET; on AKS, label the pod azure.workload.identity/use: \"true\"."};
}

} // namespace

token_client::token_client(const async::asio::any_io_executor& executor, identity who, token_options options,
                           const async::retry_context& retries, async::helper_thread& helper, async::log& log)
    : who_(std::move(who))
    , options_(std::move(options))
    , retries_{retries.policy, retries.random, log, retries.retries}
    , helper_(helper)
    , log_(log)
    , pool_(executor, who_.server, connections_for(who_, options_), log)
    , doing_(fmt::format("get an access token by {} from '{}'", to_string(who_.kind),
                         http::authority(who_.server))) {
    retries_.policy.pause_first = options_.pause_first;
}

awaitable<access_token> token_client::get(std::string scope, async::deadline deadline, effort how) {
    auto context = retries_;
    auto limit = earliest(deadline, deadline::after(options_.patience));
    if (how == effort::one_try) {
        context.policy.tries_max = 1;
        limit = earliest(deadline, deadline::after(options_.renewal_patience));
    }
    auto attempt = [&] { return ask(scope, limit); };
    try {
        co_return co_await async::retry(context, doing_, limit, attempt);
    } catch (const async::error& failed) {
        // Not a storage_error: it must not be taken for an answer of the storage service.
        async::error plain(failed);
        plain.add_context(doing_);
        plain.set_not_repeatable(); // it has been repeated here
        throw plain;
    }
}

// One try.
awaitable<access_token> token_client::ask(std::string_view scope, async::deadline deadline) {
    const auto proof = co_await assertion();
    const auto request = token_request_for(who_, scope, proof);
    const auto body = std::as_bytes(std::span<const char>(request.body));
    http::wire_request wire;
    wire.method = request.method;
    wire.target = request.target;
    wire.headers = request.headers;
    wire.headers.emplace_back("User-Agent", "event-archiver");
    if (!body.empty())
        wire.body = {&body, 1};
    wire.timeout = options_.request_timeout;

    async::span shown(log_, "tokens", to_string(who_.kind), scope);
    const auto answer = co_await exchange(wire, deadline);
    shown.note("status", std::uint64_t{answer.status});
    const auto now = std::chrono::system_clock::now();
    if (answer.status == 200)
        co_return parse_token(answer, now);
    const std::vector<std::string_view> sent{who_.secret, proof};
    throw token_error(who_, answer, sent, now);
}

// What proves a workload or a certificate. The file is read each time: kubelet replaces the token, and people
// replace certificates.
awaitable<std::string> token_client::assertion() {
    if (who_.file.empty())
        co_return std::string();
    const auto content = co_await file_content(who_.file, helper_);
    if (who_.kind == identity_kind::workload)
        co_return std::string(async::trimmed(content));
    const assertion_claims claims{assertion_audience(who_), who_.client, make_request_id(),
                                  std::chrono::system_clock::now()};
    co_return client_assertion(content, who_.secret, claims);
}

awaitable<http::wire_response> token_client::exchange(const http::wire_request& wire,
                                                      async::deadline deadline) {
    try {
        auto answer = co_await pool_.exchange(wire, deadline);
        reached_ = true;
        co_return answer;
    } catch (const async::error& failed) {
        // A machine without a managed identity has no such server. A server that has answered before is only
        // unavailable.
        if (!who_.managed() || reached_ || failed.outcome_unknown() || !failed.may_repeat())
            throw;
    }
    throw nobody_answers();
}

} // namespace azure
