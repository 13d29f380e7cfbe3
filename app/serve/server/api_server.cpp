#include "app/serve/server/api_server.hpp"

#include "app/run/loop_run.hpp"
#include "app/serve/faces/events_api.hpp"
#include "app/serve/faces/live_api.hpp"
#include "app/serve/faces/timestamps_api.hpp"
#include "app/serve/faces/unknown_requests.hpp"
#include "app/serve/intake/descriptor_limit.hpp"
#include "app/serve/projections/projection_part.hpp"
#include "app/serve/projections/query_part.hpp"
#include "app/serve/server/openapi.hpp"
#include "app/serve/server/server_metrics.hpp"
#include "app/serve/status/archive_part.hpp"
#include "app/serve/windows/window_files_part.hpp"
#include "app/settings/serve_settings.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "telemetry/exposition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ranges>

namespace app {

namespace {

using async::awaitable;
using async::deadline;

template <typename Item>
void append_to(std::vector<Item>& all, std::vector<Item> more) {
    std::ranges::move(more, std::back_inserter(all));
}

} // namespace

api_server::api_server(const configuration& settings, run_frame& frame)
    : settings_(settings)
    , log_(frame.log())
    , around_{settings, frame, loop_.get_executor(), stopping_}
    , ready_(loop_.get_executor(), (add_parts(), all_probes()))
    , about_({ready_, stopping_, [this] { return metrics(); },
              openapi_document(!settings.serving.token.empty(), all_operations()), log_})
    , service_(all_routes(), service_options(), log_)
    , server_(loop_.get_executor(), server_options(), service_, log_)
    , beginning_(loop_.get_executor())
    , at_work_(loop_.get_executor())
    , grace_(loop_.get_executor())
    , watchdog_(loop_.get_executor(), log_) {}

void api_server::add_parts() {
    if (settings_.serving.offers(api::exports))
        exports_ = add(std::make_unique<export_part>(around_));
    const auto* const projections = settings_.serving.has_journal() ? add_journal_parts() : nullptr;
    auto* const archive =
        settings_.account.blob.host.empty() ? nullptr : add(std::make_unique<archive_part>(around_));
    status_ = add(std::make_unique<status_part>(
        around_, shown_parts{ready_, exports_, journal_, projections, archive}));
}

projection_part* api_server::add_journal_parts() {
    const auto& serving = settings_.serving;
    if (!settings_.database.empty()) // a service that only accepts events needs no database
        add(std::make_unique<query_part>(around_));
    if (settings_.journal.none)
        return nullptr;
    journal_ = add(std::make_unique<journal_part>(around_));
    if (serving.offers(api::events))
        add(std::make_unique<events_api>(around_, journal_->keyed_events_in()));
    if (serving.offers(api::live))
        add(std::make_unique<live_api>(around_, journal_->keyed_events_in()));
    if (serving.offers(api::timestamps))
        add(std::make_unique<timestamps_api>(around_, journal_->keyed_events_in()));
    // Begins before projections: of what `begin` finds, that a directory of window files belongs to another
    // server is more exact. A lost journal is found before, by `check`.
    if (serving.offers(api::live) && !settings_.projections.window_files.empty())
        add(std::make_unique<window_files_part>(around_, journal_->journal()));
    return add(std::make_unique<projection_part>(around_, journal_->journal()));
}

std::vector<http::route> api_server::all_routes() {
    std::vector<http::route> all;
    for (const auto& each : parts_)
        append_to(all, each->routes());
    append_to(all, about_.routes());
    return all;
}

std::vector<api_operation> api_server::all_operations() const {
    std::vector<api_operation> all;
    for (const auto& each : parts_)
        append_to(all, each->operations());
    append_to(all, service_api::operations());
    return all;
}

std::vector<readiness_probe> api_server::all_probes() {
    std::vector<readiness_probe> all;
    for (const auto& each : parts_)
        append_to(all, each->probes());
    return all;
}

http::service_options api_server::service_options() const {
    const auto& serving = settings_.serving;
    std::vector<std::pair<std::string, std::string>> headers;
    if (serving.apis == api_set{api::timestamps}) // as in the earlier service
        headers.emplace_back("Access-Control-Allow-Origin", "*");
    return {serving.token, serving.hosts,
            [&apis = serving.apis](const http::request& asked, const http::match& found) {
                return answer_to_unknown(apis, asked, found);
            },
            status_->front_route(), std::move(headers)};
}

http::server_options api_server::server_options() {
    const auto& serving = settings_.serving;
    http::server_options options;
    options.address = serving.address;
    options.port = serving.port;
    options.connections_max = connections_that_fit(serving.connections);
    options.body_timeout = serving.client_timeout;
    options.write_timeout = serving.client_timeout;
    if (options.connections_max < serving.connections)
        log_.warn("serve.few_descriptors",
                  "fewer clients are served at a time: the limit of open files is low",
                  {{"wanted", serving.connections}, {"connections", options.connections_max}});
    return options;
}

std::string api_server::metrics() const {
    std::vector<telemetry::metric> all;
    for (const auto& each : parts_)
        append_to(all, each->metrics());
    append_to(all, metrics_of(server_, started_));
    return telemetry::exposition(all);
}

void api_server::announce() {
    const auto& serving = settings_.serving;
    const bool reachable = !is_loopback(serving.address);
    if (serving.token.empty() && reachable)
        log_.warn("serve.open",
                  fmt::format("no authentication: anyone who can reach this address can {}: set SERVE_TOKEN, "
                              "or listen on 127.0.0.1",
                              exports_ != nullptr ? "run exports and read their files"
                                                  : "post events and read them"),
                  {{"address", serving.address}});
    if (serving.offers(api::live) && reachable && serving.live_secret == serve_settings().live_secret)
        log_.warn("serve.default_secret",
                  "POST /liveEvent accepts the default secret, which is public: set LIVE_SECRET",
                  {{"address", serving.address}});
    log_.info("serve.listening", fmt::format("listening on {}:{}", serving.address, server_.port()),
              {{"address", serving.address},
               {"port", static_cast<unsigned>(server_.port())},
               {"token", !serving.token.empty()}});
}

std::exception_ptr api_server::run() {
    loop_hooks hooks{[this](int number) { stop(number); },
                     [this] {
                         const bool idle = std::ranges::all_of(
                             parts_, [](const auto& each) { return each->at_work().empty(); });
                         log_.info("progress", "serving",
                                   {{"connections", server_.connections_open()}, {"exports_idle", idle}});
                         for (const auto& each : parts_)
                             each->show_progress();
                     },
                     [this] {
                         grace_.cancel();
                         watchdog_.disarm();
                         for (const auto& each : parts_)
                             each->release();
                     }};
    return run_loop(loop_, work(), {}, std::move(hooks)); // a server is cancelled only by its own end
}

bool api_server::finished_all() const {
    return !work_cut_ && !server_.counters().cut &&
           std::ranges::all_of(parts_, [](const auto& each) { return each->at_work().empty(); });
}

awaitable<void> api_server::work() {
    const auto ended = co_await async::caught(serve());
    co_await close_parts();
    if (ended)
        std::rethrow_exception(ended);
}

awaitable<void> api_server::begin_parts() {
    for (const auto& each : parts_)
        co_await each->check();
    for (const auto& each : parts_)
        co_await each->begin();
    begun_ = true;
}

awaitable<void> api_server::serve() {
    beginning_.start(begin_parts());
    co_await beginning_.join();
    if (!begun_) // a signal came first
        co_return;
    announce();
    for (const auto& each : parts_)
        at_work_.start(work_of(*each));
    co_await server_.run();
    co_await at_work_.join();
}

// A part that fails ends all of them.
awaitable<void> api_server::work_of(served_part& part) {
    const auto failed = co_await async::caught(part.work());
    if (!failed || async::is_cancellation(failed))
        co_return;
    stopping_ = true;
    server_.stop(deadline::after(requests_patience));
    stop_parts();
    std::rethrow_exception(failed);
}

awaitable<void> api_server::close_parts() {
    for (const auto& each : parts_ | std::views::reverse)
        co_await each->close();
}

void api_server::stop_parts() {
    for (const auto& each : parts_)
        each->stop();
}

void api_server::stop(int number) {
    const auto grace = settings_.serving.grace;
    watchdog_.signalled(number, grace + stop_patience);
    stopping_ = true;
    signal_number_ = number;
    std::string message = "stopping";
    for (const auto& each : parts_)
        if (const auto work = each->at_work(); !work.empty())
            message += fmt::format("{} {}", message.size() > 8 ? ";" : ":", work);
    log_.warn("run.stopping", message,
              {{"signal", number}, {"grace_ms", static_cast<std::int64_t>(grace.count())}});
    server_.stop(deadline::after(grace + requests_patience));
    stop_parts();
    // Brokers may not answer. Opening a journal on this disk is not interrupted: its files are being
    // repaired.
    if (settings_.journal.in_kafka())
        beginning_.cancel();
    grace_.expires_after(grace);
    grace_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed)
            end_grace();
    });
}

void api_server::end_grace() {
    server_.cut_answers();
    if (at_work_.size() == 0)
        return;
    work_cut_ = true;
    for (const auto& each : parts_)
        each->cut(signal_number_);
    at_work_.cancel();
}

} // namespace app
