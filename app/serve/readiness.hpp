// Whether exports can run: the database answers, the tasks are there, files can be put where they go. Many
// probes at once are answered by one look.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "async/asio.hpp"
#include "async/condition.hpp"
#include "async/deadline.hpp"
#include "db/session_scope.hpp"
#include "exports/sink.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace app {

struct readiness_check {
    std::string_view name; // "database"
    std::string problem;   // a clause; empty: none
};

class readiness {
  public:
    // What it is given must outlive it.
    readiness(const async::asio::any_io_executor& executor, db::database_access database,
              std::filesystem::path tasks, exports::sink& output);

    // No older than two seconds; that files can be put where they go, no older than 30.
    [[nodiscard]] async::awaitable<std::vector<readiness_check>> look();

  private:
    [[nodiscard]] async::awaitable<std::vector<readiness_check>> look_now();
    [[nodiscard]] async::awaitable<std::string> problem_of_database();
    [[nodiscard]] async::awaitable<std::string> problem_of_output();

    db::database_access database_;
    std::filesystem::path tasks_;
    exports::sink& output_;
    async::condition seen_;
    std::vector<readiness_check> last_;
    async::deadline fresh_until_{async::deadline::clock::time_point::min()};
    async::deadline output_good_until_{async::deadline::clock::time_point::min()};
    bool looking_ = false;
};

} // namespace app
