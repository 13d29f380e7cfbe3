// Requests to run tasks, and the answers to them.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/serve/exports/run_book.hpp"
#include "async/log.hpp"
#include "exports/run/run_desk.hpp"
#include "http/server/router.hpp"

#include <string>
#include <vector>

namespace app {

class export_runs {
  public:
    // All must outlive it. `stopping`: no further run is started.
    export_runs(exports::run_desk& desk, run_book& book, const bool& stopping, async::log& log)
        : desk_(desk)
        , book_(book)
        , stopping_(stopping)
        , log_(log) {}

    // Answers at once, or with ?wait=true once all these tasks have run.
    [[nodiscard]] async::awaitable<http::response> run(std::vector<std::string> names,
                                                       const http::request& asked);

  private:
    [[nodiscard]] exports::run_ticket ask_for(std::vector<std::string> names, const http::request& asked);
    [[nodiscard]] http::response reports_of(const exports::run_ticket& ticket) const;

    exports::run_desk& desk_;
    run_book& book_;
    const bool& stopping_;
    async::log& log_;
};

} // namespace app
