#include "app/serve/server/project_health.hpp"

#include "app/observe/projection_metrics.hpp"
#include "app/serve/readiness.hpp"
#include "app/serve/server/openapi.hpp"
#include "app/serve/server/server_metrics.hpp"
#include "app/serve/server/service_api.hpp"
#include "http/server/server.hpp"
#include "http/server/service.hpp"
#include "telemetry/exposition.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <utility>

namespace app {

namespace {

using async::awaitable;

constexpr std::size_t connections_max = 64; // probes, and collectors of metrics

awaitable<std::string> problem_of_projections(projecting_view view) {
    co_return stopped_projection(view.progress());
}

std::vector<readiness_probe> probes_of(const projecting_view& view) {
    return {database_probe(view.database), {"projections", [view] { return problem_of_projections(view); }}};
}

http::server_options options_of(const configuration& settings) {
    http::server_options options;
    options.address = settings.serving.address;
    options.port = settings.projections.health_port.value_or(0);
    options.connections_max = connections_max;
    return options;
}

// The order of the members is that in which they can be destroyed, last first.
class health_listener {
  public:
    explicit health_listener(projecting_view view)
        : view_(std::move(view))
        , ready_(view_.executor, probes_of(view_))
        , about_({ready_, stopping_, [this] { return metrics(); },
                  openapi_document(!view_.settings.serving.token.empty(), service_api::operations()),
                  view_.log})
        , service_(about_.routes(),
                   http::service_options{view_.settings.serving.token, view_.settings.serving.hosts, {}},
                   view_.log)
        , server_(view_.executor, options_of(view_.settings), service_, view_.log) {}

    [[nodiscard]] awaitable<void> run() {
        const auto& address = view_.settings.serving.address;
        view_.log.info("serve.listening", fmt::format("listening on {}:{}", address, server_.port()),
                       {{"address", address}, {"port", static_cast<unsigned>(server_.port())}});
        co_await server_.run();
    }

  private:
    [[nodiscard]] std::string metrics() const {
        auto all = metrics_of(view_.progress(), std::chrono::system_clock::now());
        auto of_server = metrics_of(server_, started_);
        std::move(of_server.begin(), of_server.end(), std::back_inserter(all));
        return telemetry::exposition(all);
    }

    projecting_view view_;
    std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
    bool stopping_ = false; // it ends by a cancellation, which ends the listening too
    readiness ready_;
    service_api about_;
    http::service service_;
    http::server server_;
};

} // namespace

awaitable<void> serve_health(projecting_view view) {
    health_listener listener(std::move(view));
    co_await listener.run();
}

} // namespace app
