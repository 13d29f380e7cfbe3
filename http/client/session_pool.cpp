#include "http/client/session_pool.hpp"

#include "async/condition.hpp"
#include "async/race.hpp"
#include "http/client/connect.hpp"
#include "http/client/endpoint.hpp"
#include "http/client/error.hpp"
#include "http/client/http_connection.hpp"
#include "http/client/retry_after.hpp"
#include "http/client/throttle.hpp"
#include "http/client/tls_client.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace http {

namespace asio = boost::asio;
using async::awaitable;
using async::deadline;
using connection_ptr = std::unique_ptr<http_connection>;

namespace {

struct idle_connection {
    connection_ptr connection;
    deadline::clock::time_point usable_until;
};

// The server has closed an idle connection, which it may do. That is not a failure, as long as the request
// can be sent again without harm.
bool replaceable(const http_connection& reused, const wire_request& request) {
    return !reused.answered() && !reused.timed_out() && (request.repeatable || !reused.may_have_been_seen());
}

} // namespace

struct session_pool::impl {
    impl(const async::asio::any_io_executor& executor, endpoint to, pool_options with, async::log& out)
        : server(std::move(to))
        , options(std::move(with))
        , log(out)
        , pace(options.connections_max, options.busy_pause)
        , freed(executor) {
        if (server.tls)
            tls.emplace(server, options.ca_file);
    }

    endpoint server;
    pool_options options;
    async::log& log;
    pool_counters counters;
    std::optional<tls_client> tls;
    std::vector<idle_connection> idle; // the last used at the end
    throttle pace;
    // Bodies that are streamed are counted apart: the coroutine that sends one may be waiting for memory that
    // only other requests can free.
    enum class use : std::uint8_t { request, streaming };
    std::array<std::size_t, 2> busy{};
    async::condition freed;

    // The right to hold one connection.
    class slot {
      public:
        slot() = default;
        slot(impl& owner, use purpose) noexcept
            : owner_(&owner)
            , use_(purpose) {
            ++owner_->busy_with(purpose);
        }
        slot(slot&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr))
            , use_(other.use_) {}
        slot& operator=(slot&& other) noexcept {
            std::swap(owner_, other.owner_);
            std::swap(use_, other.use_);
            return *this;
        }
        ~slot() {
            if (owner_ == nullptr)
                return;
            --owner_->busy_with(use_);
            owner_->freed.notify_all();
        }

      private:
        impl* owner_ = nullptr;
        use use_ = use::request;
    };

    std::size_t& busy_with(use purpose) noexcept { return busy[static_cast<std::size_t>(purpose)]; }

    // Taken in the same step as the check: of all waiters that are woken, only as many pass as there is room
    // for.
    awaitable<slot> take_slot(use purpose) {
        for (;;) {
            if (deadline::clock::now() < pace.open_at()) {
                asio::steady_timer timer(co_await asio::this_coro::executor, pace.open_at());
                co_await timer.async_wait(asio::use_awaitable);
            } else if (busy_with(purpose) >= pace.width()) {
                co_await freed.wait();
            } else {
                co_return slot(*this, purpose);
            }
        }
    }

    void judge(const wire_response& answer) {
        if (answer.status != 503 && answer.status != 429) {
            pace.coped();
            return;
        }
        const auto now = deadline::clock::now();
        if (!pace.busy(now, retry_after(answer, std::chrono::system_clock::now())))
            return;
        const auto pause = std::chrono::ceil<std::chrono::milliseconds>(pace.open_at() - now);
        log.warn("http.busy", "the server is busy: all requests to it wait, then fewer are sent at a time",
                 {{"server.address", authority(server)},
                  {"http.status", answer.status},
                  {"pause_ms", pause.count()},
                  {"requests_max", pace.width()}});
    }

    awaitable<slot> slot_in_time(use purpose, async::deadline deadline) {
        try {
            co_return co_await async::with_deadline(take_slot(purpose), deadline, "a free connection");
        } catch (const async::error& late) {
            throw transport_error(late.kind(), late.message());
        }
    }

    // The connection used last: it is the least likely to have been closed, and the others may grow old and
    // be closed.
    connection_ptr take_idle() {
        const auto now = deadline::clock::now();
        std::erase_if(idle, [&](const idle_connection& kept) { return kept.usable_until <= now; });
        while (!idle.empty()) {
            auto taken = std::move(idle.back().connection);
            idle.pop_back();
            if (taken->silent())
                return taken;
        }
        return nullptr;
    }

    void give_back(connection_ptr connection) {
        const auto now = deadline::clock::now();
        const auto until = std::min(connection->usable_until(), now + options.idle_max);
        if (until > now)
            idle.push_back({std::move(connection), until});
    }

    awaitable<connection_ptr> open(async::deadline deadline) {
        const connection_route way{server, tls ? &*tls : nullptr,
                                   server.tls && options.proxy ? &*options.proxy : nullptr, options.names};
        auto stream = co_await connect_to(way, options.connect_timeout, deadline);
        ++counters.connections;
        co_return std::make_unique<http_connection>(std::move(stream), authority(server), counters);
    }
};

session_pool::session_pool(const async::asio::any_io_executor& executor, endpoint server,
                           pool_options options, async::log& log)
    : impl_(std::make_unique<impl>(executor, std::move(server), std::move(options), log)) {}

session_pool::~session_pool() = default;

awaitable<wire_response> session_pool::exchange(const wire_request& request, async::deadline deadline,
                                                const body_stream* stream) {
    ++impl_->counters.requests;
    const auto purpose = stream != nullptr ? impl::use::streaming : impl::use::request;
    const auto held = co_await impl_->slot_in_time(purpose, deadline);
    const auto limit = earliest(deadline, deadline::after(request.timeout));

    if (auto reused = impl_->take_idle()) {
        std::exception_ptr failed;
        try {
            auto response = co_await reused->exchange(request, limit, stream);
            impl_->judge(response);
            impl_->give_back(std::move(reused));
            co_return response;
        } catch (const transport_error&) {
            if (!replaceable(*reused, request))
                throw;
            failed = std::current_exception();
        }
        const auto cause = async::describe(failed);
        impl_->log.debug("http.connection.replaced", "an idle connection turned out dead",
                         {{"error.message", cause}});
    }
    auto fresh = co_await impl_->open(limit);
    auto response = co_await fresh->exchange(request, limit, stream);
    impl_->judge(response);
    impl_->give_back(std::move(fresh));
    co_return response;
}

const pool_counters& session_pool::counters() const noexcept { return impl_->counters; }

void session_pool::close() { impl_->idle.clear(); }

} // namespace http
