#include "azure/auth/token_source.hpp"

#include "async/condition.hpp"
#include "async/race.hpp"
#include "azure/auth/impl/token_client.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace azure {

using async::awaitable;
using async::deadline;

namespace {

// The pause between two tries to renew a token that is still good.
constexpr std::chrono::seconds renewal_pause{30};

// How an attempt to get a token ended, for the callers that wait for it.
struct flight {
    std::optional<async::error> failed;
};

struct kept_token {
    explicit kept_token(const async::asio::any_io_executor& executor)
        : landed(executor) {}

    std::string value;
    deadline::clock::time_point renew_at{};
    deadline::clock::time_point ends_at{};
    std::shared_ptr<flight> under_way;
    async::condition landed;

    [[nodiscard]] bool good() const { return !value.empty() && deadline::clock::now() < ends_at; }
    [[nodiscard]] bool young() const { return good() && deadline::clock::now() < renew_at; }
};

// Wakes the other callers however a renewal ends, also by cancellation.
class landing {
  public:
    explicit landing(kept_token& kept)
        : kept_(kept) {}
    landing(const landing&) = delete;
    landing& operator=(const landing&) = delete;
    ~landing() {
        kept_.under_way.reset();
        kept_.landed.notify_all();
    }

  private:
    kept_token& kept_;
};

} // namespace

struct token_source::impl {
    impl(const async::asio::any_io_executor& on, identity who, token_options options,
         const async::retry_context& retries, async::helper_thread& helper, async::log& out)
        : executor(on)
        , log(out)
        , client(executor, std::move(who), std::move(options), retries, helper, log) {}

    async::asio::any_io_executor executor;
    async::log& log;
    token_client client;
    std::map<std::string, kept_token, std::less<>> tokens; // by scope

    kept_token& kept(const std::string& scope) { return tokens.try_emplace(scope, executor).first->second; }

    void keep(kept_token& kept, access_token&& fresh) const {
        const auto now = deadline::clock::now();
        log.debug(
            "azure.token", "got an access token",
            {{"azure.identity", to_string(client.who().kind)}, {"expires_in_s", fresh.lifetime.count()}});
        kept.value = std::move(fresh.value);
        kept.renew_at = now + renewal_after(fresh.lifetime);
        kept.ends_at = now + fresh.lifetime;
    }

    awaitable<void> renew(kept_token& kept, std::string scope, async::deadline deadline) {
        const auto ours = kept.under_way = std::make_shared<flight>();
        const landing at_end(kept);
        const auto effort = kept.good() ? token_client::effort::one_try : token_client::effort::all_tries;
        try {
            auto fresh = co_await client.get(std::move(scope), deadline, effort);
            keep(kept, std::move(fresh));
        } catch (const async::error& failed) {
            if (!kept.good()) {
                ours->failed = failed;
                throw;
            }
            log.warn("azure.token.kept", "an access token could not be renewed; the old one is still good",
                     {{"error.message", failed.what()}});
            const auto now = deadline::clock::now();
            kept.renew_at =
                now + std::min<deadline::clock::duration>(renewal_pause, (kept.ends_at - now) / 2);
        }
    }
};

token_source::token_source(const async::asio::any_io_executor& executor, identity who, token_options options,
                           const async::retry_context& retries, async::helper_thread& helper, async::log& log)
    : impl_(std::make_unique<impl>(executor, std::move(who), std::move(options), retries, helper, log)) {}

token_source::~token_source() = default;

awaitable<std::string> token_source::token(std::string scope, async::deadline deadline) {
    auto& kept = impl_->kept(scope);
    while (!kept.young()) {
        const auto other = kept.under_way;
        if (!other) {
            co_await impl_->renew(kept, scope, deadline);
            if (kept.good())
                break;
            continue;
        }
        if (kept.good())
            break;
        co_await async::with_deadline(kept.landed.wait(), deadline, "an access token");
        if (other->failed)
            throw async::error(*other->failed);
    }
    co_return kept.value;
}

void token_source::reject(std::string_view scope, std::string_view token) {
    const auto found = impl_->tokens.find(scope);
    // Another caller may have got a new one meanwhile.
    if (found == impl_->tokens.end() || found->second.value != token)
        return;
    impl_->log.debug("azure.token.rejected", "the service refused an access token before its time");
    found->second.value.clear();
}

const identity& token_source::who() const noexcept { return impl_->client.who(); }

void token_source::close() { impl_->client.close(); }

} // namespace azure
