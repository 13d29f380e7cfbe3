#include "http/server/server.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/condition.hpp"
#include "async/error.hpp"
#include "async/race.hpp"
#include "async/task_scope.hpp"
#include "http/server/impl/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <exception>
#include <list>
#include <optional>

namespace http {

namespace asio = boost::asio;
using asio::ip::tcp;
using async::deadline;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds accept_pause{100}; // when the system has no descriptor or memory to give
constexpr std::chrono::seconds accept_warning_every{10}; // of the same trouble
constexpr std::chrono::milliseconds look_again_pause{250};
constexpr std::chrono::seconds newcomer_patience{1};

tcp::acceptor bound(const asio::any_io_executor& executor, const server_options& options,
                    error_code& failed) {
    const auto address = asio::ip::make_address(options.address, failed);
    tcp::acceptor made(executor);
    const tcp::endpoint place(address, options.port);
    if (!failed)
        made.open(place.protocol(), failed);
    if (!failed)
        made.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed)
        made.bind(place, failed);
    return made;
}

tcp::acceptor listening(const asio::any_io_executor& executor, const server_options& options) {
    error_code failed;
    auto made = bound(executor, options, failed);
    if (!failed)
        made.listen(options.backlog, failed);
    if (failed)
        throw cannot_listen(options, failed);
    return made;
}

} // namespace

error_code try_to_bind(const asio::any_io_executor& executor, const server_options& options) {
    error_code failed;
    (void)bound(executor, options, failed);
    return failed;
}

async::error cannot_listen(const server_options& options, const error_code& why) {
    const auto message =
        fmt::format("cannot listen on {}:{}: {}", options.address, options.port, why.message());
    if (why == asio::error::access_denied)
        return {async::failure::refused, message, "Ports below 1024 belong to root: choose another."};
    if (why == asio::error::address_in_use)
        return {async::failure::precondition, message,
                "Another program listens there: choose another port, or end it (`ss -ltnp` shows it)."};
    if (why == boost::system::errc::address_not_available)
        return {
            async::failure::precondition, message,
            fmt::format("This machine has no address {}: give one of its own (`ip address` shows them), or "
                        "0.0.0.0 for all.",
                        options.address)};
    return {async::failure::precondition, message, {}};
}

struct server::impl {
    impl(const asio::any_io_executor& executor, server_options given, service& answers, async::log& out)
        : options(std::move(given))
        , log(out)
        , acceptor(listening(executor, options))
        , shared{options, answers, log, ids, dates, counters, false, false}
        , changed(executor)
        , connections(executor) {
        port = acceptor.local_endpoint().port();
    }

    awaitable<void> accept_all();
    awaitable<void> make_room();
    awaitable<void> change_within(std::chrono::milliseconds span);
    awaitable<void> after_accept_failure(error_code why);
    awaitable<void> serve(std::list<connection>::iterator which);
    void evict();

    server_options options;
    async::log& log;
    tcp::acceptor acceptor;
    std::uint16_t port = 0;
    request_id_source ids;
    date_source dates;
    server_counters counters;
    connection_context shared;
    std::list<connection> open;
    async::condition changed; // a connection has ended, or `stop` was called
    async::task_scope connections;
    std::optional<deadline> cut_by; // set: stopping
    std::optional<deadline::clock::time_point> warned;
};

awaitable<void> server::impl::accept_all() {
    while (!cut_by) {
        if (connections.size() >= options.connections_max) {
            co_await make_room();
            continue;
        }
        auto [failed, socket] = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
        if (cut_by)
            break;
        if (failed == asio::error::operation_aborted)
            async::throw_cancelled();
        if (failed) {
            co_await after_accept_failure(failed);
            continue;
        }
        ++counters.connections;
        connections.start(serve(open.emplace(open.end(), std::move(socket), shared)));
    }
}

// When all places are taken, clients wait in the kernel's queue, where they cost us nothing.
awaitable<void> server::impl::make_room() {
    const auto [failed] =
        co_await acceptor.async_wait(tcp::acceptor::wait_read, asio::as_tuple(asio::use_awaitable));
    if (cut_by)
        co_return;
    if (failed == asio::error::operation_aborted)
        async::throw_cancelled();
    shared.crowded = true;
    while (!cut_by && connections.size() >= options.connections_max) {
        evict();
        co_await change_within(look_again_pause);
    }
    shared.crowded = false;
}

awaitable<void> server::impl::change_within(std::chrono::milliseconds span) {
    try {
        co_await async::with_deadline(changed.wait(), deadline::after(span), "a connection to end");
    } catch (const async::error&) {
        co_return; // nothing has changed
    }
}

// The connection that has been idle longest is closed. A new one is given a moment: it may have sent
// something already.
void server::impl::evict() {
    connection* longest = nullptr;
    const auto newcomers = deadline::clock::now() - newcomer_patience;
    for (auto& each : open)
        if (each.idle_since() && (!each.is_new() || *each.idle_since() < newcomers) &&
            (longest == nullptr || *each.idle_since() < *longest->idle_since()))
            longest = &each;
    if (longest == nullptr)
        return;
    ++counters.evicted;
    longest->finish();
}

awaitable<void> server::impl::after_accept_failure(error_code why) {
    ++counters.accept_failures;
    const auto now = deadline::clock::now();
    if (!warned || now - *warned >= accept_warning_every) {
        log.warn("http.accept_failed", "a connection could not be accepted; it is tried again",
                 {{"reason", why.message()}, {"connections", connections.size()}});
        warned = now;
    }
    evict(); // descriptors may be what is lacking
    co_await change_within(accept_pause);
}

awaitable<void> server::impl::serve(std::list<connection>::iterator which) {
    struct listed {
        impl& owner;
        std::list<connection>::iterator place;
        listed(impl& list, std::list<connection>::iterator where)
            : owner(list)
            , place(where) {}
        listed(const listed&) = delete;
        listed& operator=(const listed&) = delete;
        ~listed() {
            owner.open.erase(place);
            owner.changed.notify_all();
        }
    } const here(*this, which);
    co_await which->run();
}

server::server(const asio::any_io_executor& executor, server_options options, service& answers,
               async::log& log)
    : impl_(std::make_unique<impl>(executor, std::move(options), answers, log)) {}

server::~server() = default;

std::uint16_t server::port() const noexcept { return impl_->port; }
std::size_t server::connections_open() const noexcept { return impl_->connections.size(); }
const server_counters& server::counters() const noexcept { return impl_->counters; }

awaitable<void> server::run() {
    const auto ended = co_await async::caught(impl_->accept_all());
    error_code ignored; // it may be closed already
    impl_->acceptor.close(ignored);
    if (ended) {
        co_await async::ignoring_cancellation();
        impl_->connections.cancel();
        co_await impl_->connections.join();
        co_await async::heeding_cancellation();
        std::rethrow_exception(ended);
    }
    bool late = false;
    try {
        co_await async::with_deadline(impl_->connections.join(), *impl_->cut_by, "requests to end");
    } catch (const async::error&) {
        late = true;
    }
    impl_->counters.cut = impl_->counters.cut || late;
    if (late)
        impl_->log.warn("http.cut", "requests that did not end in time were cut off");
}

void server::stop(deadline cut_by) {
    if (impl_->cut_by)
        return;
    impl_->cut_by = cut_by;
    impl_->shared.ending = true;
    error_code ignored; // nothing is accepted any more in any case
    impl_->acceptor.close(ignored);
    for (auto& each : impl_->open)
        each.finish();
    impl_->changed.notify_all();
}

void server::cut_answers() {
    std::size_t count = 0;
    for (auto& each : impl_->open)
        count += each.cut_answer() ? 1 : 0;
    if (count == 0)
        return;
    impl_->counters.cut = true;
    impl_->log.warn("http.cut", "answers whose clients had not read them in time were cut off",
                    {{"answers", count}});
}

} // namespace http
