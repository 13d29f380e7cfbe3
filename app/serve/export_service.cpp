#include "app/serve/export_service.hpp"

#include "app/run/loop_run.hpp"
#include "app/serve/api_operations.hpp"
#include "app/serve/descriptor_limit.hpp"
#include "app/serve/openapi.hpp"
#include "app/serve/serve_metrics.hpp"
#include "app/settings/serve_settings.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/race.hpp"
#include "telemetry/exposition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

namespace app {

namespace {

using async::awaitable;
using async::deadline;
using async::failure;

// After the grace exports are rolled back within `stop_patience`; requests are told how it ended, and then
// all is over.
constexpr std::chrono::milliseconds requests_patience{8'500};
constexpr std::chrono::seconds settle_patience{60};

void require_directory(const std::filesystem::path& path, std::string_view setting) {
    std::error_code unknown;
    if (!std::filesystem::is_directory(path, unknown))
        throw async::error(failure::precondition,
                           fmt::format("{} is '{}': there is no such directory", setting, path.string()),
                           "Create it, or mount it there.");
}

const configuration& with_directories(const configuration& settings) {
    if (settings.serving.has_journal())
        throw async::error(failure::precondition, "of all APIs only `exports` is built yet",
                           "Leave out SERVE_APIS.");
    require_directory(settings.exporting.tasks, "DSL_PATH");
    if (settings.exporting.to == exports::destination::directory)
        require_directory(settings.exporting.directory, "EXPORT_PATH");
    return settings;
}

} // namespace

export_service::export_service(const configuration& settings, run_frame& frame)
    : settings_(with_directories(settings))
    , out_(frame.out())
    , log_(frame.log())
    , machine_(loop_.get_executor(), settings, stop_, log_, frame.run_id())
    , tasks_(settings.exporting.tasks, disk_)
    , desk_(
          loop_.get_executor(), [this](std::string name) { return run_task(std::move(name)); },
          settings.exporting.parallel)
    , ready_(loop_.get_executor(), machine_.database(), settings.exporting.tasks, machine_.files())
    , api_(loop_.get_executor(), {tasks_, desk_, machine_.files(), book_, stopping_, log_})
    , about_({ready_, stopping_, [this] { return metrics(); },
              openapi_document(!settings.serving.token.empty()), log_})
    , service_(all_routes(), http::service_options{settings.serving.token, settings.serving.hosts}, log_)
    , server_(loop_.get_executor(), server_options(), service_, log_)
    , exports_(loop_.get_executor())
    , grace_(loop_.get_executor())
    , watchdog_(loop_.get_executor(), log_) {}

std::vector<http::route> export_service::all_routes() {
    auto routes = api_.routes();
    std::ranges::move(about_.routes(), std::back_inserter(routes));
    if (routes.size() != api_operations().size())
        throw async::error(failure::internal, "an operation of the API has no route");
    return routes;
}

http::server_options export_service::server_options() {
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

std::string export_service::metrics() const {
    return telemetry::exposition(metrics_of(serve_facts{server_, book_, desk_, started_}));
}

void export_service::announce() {
    const auto& serving = settings_.serving;
    if (serving.token.empty() && !is_loopback(serving.address))
        log_.warn("serve.open",
                  "no authentication: anyone who can reach this address can run exports and read their "
                  "files: set SERVE_TOKEN, or "
                  "listen on 127.0.0.1",
                  {{"address", serving.address}});
    log_.info("serve.listening", fmt::format("listening on {}:{}", serving.address, server_.port()),
              {{"address", serving.address},
               {"port", static_cast<unsigned>(server_.port())},
               {"token", !serving.token.empty()}});
}

std::exception_ptr export_service::run() {
    loop_hooks hooks{[this](int number) { stop(number); },
                     [this] {
                         log_.info(
                             "progress", "serving",
                             {{"connections", server_.connections_open()}, {"exports_idle", desk_.idle()}});
                     },
                     [this] {
                         grace_.cancel();
                         watchdog_.disarm();
                         machine_.close();
                     }};
    return run_loop(loop_, work(), {}, std::move(hooks)); // a server is cancelled only by its own end
}

awaitable<void> export_service::work() {
    announce();
    exports_.start(settle_and_export());
    co_await server_.run();
    co_await exports_.join();
}

awaitable<void> export_service::settle_and_export() {
    auto failed = co_await async::caught(settle());
    if (!failed)
        failed = co_await async::caught(desk_.work());
    if (!failed || async::is_cancellation(failed))
        co_return;
    // Without exports there is nothing to serve.
    stopping_ = true;
    server_.stop(deadline::after(requests_patience));
    std::rethrow_exception(failed);
}

// What a run that was killed has left. Each run settles its own task's files too, so it need not succeed.
awaitable<void> export_service::settle() {
    try {
        const auto settled = co_await async::with_deadline(
            machine_.exporter().recover(), deadline::after(settle_patience), "what earlier runs left");
        if (settled > 0)
            log_.info("serve.settled", "recovered the files of interrupted exports", {{"files", settled}});
    } catch (const async::error& failed) {
        log_.warn("serve.not_settled",
                  "files of interrupted exports could not be recovered; each task's next run tries again",
                  {{"error.type", async::to_string(failed.kind())}, {"error.message", failed.message()}});
    }
}

awaitable<exports::task_report> export_service::run_task(std::string name) {
    const auto log = out_.with({"request_id", book_.take_request_id(name)});
    exports::task_report report;
    report.task = name;
    report.began = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    try {
        auto task = co_await tasks_.find(name);
        if (!task)
            throw async::error(failure::precondition, fmt::format("task '{}' is gone", name));
        auto exporter = machine_.exporter_with(*log);
        report = co_await exporter.run(std::move(*task));
    } catch (const async::error& failed) {
        report.error = failed.message();
        report.hint = failed.hint();
        report.kind = failed.kind();
    }
    book_.ended(report);
    co_return report;
}

void export_service::stop(int number) {
    const auto grace = settings_.serving.grace;
    watchdog_.signalled(number, grace + stop_patience);
    stopping_ = true;
    signal_number_ = number;
    const bool idle = desk_.idle();
    log_.warn("run.stopping",
              idle ? "stopping" : "stopping: exports at work may end first, those that wait are dropped",
              {{"signal", number}, {"grace_ms", static_cast<std::int64_t>(grace.count())}});
    server_.stop(deadline::after(grace + requests_patience));
    desk_.close();
    grace_.expires_after(grace);
    grace_.async_wait([this](const boost::system::error_code& failed) {
        if (!failed)
            end_grace();
    });
}

void export_service::end_grace() {
    if (exports_.size() == 0)
        return;
    log_.warn("serve.rolling_back", "running exports are rolled back", {{"signal", signal_number_}});
    stop_.request(signal_number_);
    exports_.cancel();
}

} // namespace app
