// Whether the service can work, as its parts report it. Probes at the same time share one check.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/serve/shared_result.hpp"
#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "db/session_scope.hpp"
#include "events/projection/follow/stream_progress.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace app {

struct readiness_check {
    std::string_view name; // "database"
    std::string problem;   // a clause; empty: no problem
};

// The check of one part.
struct readiness_probe {
    std::string_view name;
    // Returns the problem as a clause; an async::error is a problem too. It has three seconds.
    std::function<async::awaitable<std::string>()> look;
    // How long a good answer counts; a bad one counts until the next check.
    std::chrono::seconds good_for{0};
};

// The database answers. It must outlive the probe.
[[nodiscard]] readiness_probe database_probe(db::database_access database);

// A clause if one of them has stopped; empty if none has.
[[nodiscard]] std::string stopped_projection(const std::vector<events::stream_progress>& among);

class readiness {
  public:
    readiness(const async::asio::any_io_executor& executor, std::vector<readiness_probe> probes);

    // No older than two seconds, or than the probe allows.
    [[nodiscard]] async::awaitable<std::vector<readiness_check>> look();

  private:
    [[nodiscard]] async::awaitable<std::vector<readiness_check>> look_now();

    struct watched {
        readiness_probe probe;
        async::deadline good_until{async::deadline::clock::time_point::min()};
    };
    std::vector<watched> probes_;
    shared_result<std::vector<readiness_check>> checks_;
};

} // namespace app
