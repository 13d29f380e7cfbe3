#include "app/serve/readiness.hpp"

#include "async/error.hpp"
#include "async/race.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace app {

using namespace std::chrono_literals;
using async::awaitable;

namespace {

constexpr std::chrono::seconds fresh_for{2};
constexpr std::chrono::seconds patience{3}; // for each; less than a probe's own

awaitable<void> ask(db::connection& session) { (void)co_await session.query("SELECT 1"); }

awaitable<std::string> problem_of_database(db::database_access database) {
    co_await db::with_session(database, ask);
    co_return std::string();
}

awaitable<std::string> problem_in_time(const readiness_probe& probe) {
    try {
        co_return co_await async::with_deadline(probe.look(), async::deadline::after(patience), probe.name);
    } catch (const async::error& failed) {
        co_return failed.message();
    }
}

} // namespace

readiness_probe database_probe(db::database_access database) {
    return {"database", [database] { return problem_of_database(database); }};
}

std::string stopped_projection(const std::vector<events::stream_progress>& among) {
    for (const auto& each : among)
        if (each.state == events::stream_state::failed) {
            const auto where =
                each.known ? fmt::format(" at position {} of topic '{}'", each.next, each.topic) : "";
            return fmt::format("projection '{}' has stopped{}: {}", each.projection, where,
                               each.reason.empty() ? "see the log" : each.reason);
        }
    return {};
}

readiness::readiness(const async::asio::any_io_executor& executor, std::vector<readiness_probe> probes)
    : checks_(
          executor, [this] { return look_now(); }, fresh_for) {
    for (auto& each : probes)
        probes_.push_back({std::move(each)});
}

awaitable<std::vector<readiness_check>> readiness::look() {
    const auto made = co_await checks_.get();
    co_return *made;
}

awaitable<std::vector<readiness_check>> readiness::look_now() {
    std::vector<readiness_check> checks;
    for (auto& each : probes_) {
        std::string problem;
        if (each.good_until.passed()) {
            problem = co_await problem_in_time(each.probe);
            each.good_until = async::deadline::after(problem.empty() ? each.probe.good_for : 0s);
        }
        checks.push_back({each.probe.name, std::move(problem)});
    }
    co_return checks;
}

} // namespace app
