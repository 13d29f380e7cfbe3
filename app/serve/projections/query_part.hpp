// The queries of projections as routes. They come from the directories of the projections that the APIs need,
// of those that PROJECT names, and of PROJECTIONS_PATH.
// Tested by tests/integration/test_queries.py.
#pragma once

#include "app/run/connections.hpp"
#include "app/serve/memory_budget.hpp"
#include "app/serve/served_part.hpp"
#include "async/task_scope.hpp"
#include "events/projection/definition.hpp"
#include "events/queries/query_desk.hpp"
#include "events/queries/query_set.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace app {

class query_part final : public served_part {
  public:
    // Reads the files. Throws async::error(precondition) for a directory that cannot be read.
    explicit query_part(serve_surroundings around);

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;
    [[nodiscard]] std::vector<readiness_probe> probes() override;
    // Makes the tables of the projections, if no projection runs here.
    [[nodiscard]] async::awaitable<void> work() override;
    void stop() override { making_.cancel(); }
    void release() override;

  private:
    // The description of a query in /openapi.json; it must live as long as the part.
    struct described {
        std::string name;
        std::string summary;
        std::vector<api_answer> answers;
        std::vector<std::string_view> query_names;
    };

    [[nodiscard]] async::awaitable<http::response> answer(const events::query& which, http::request& asked);
    // Waits some seconds for the tables of a query that has not worked yet: after the start they are made
    // beside the first requests.
    [[nodiscard]] async::awaitable<events::query_answer>
    answer_once_made(const events::query& which, std::vector<std::optional<std::string>> values);
    [[nodiscard]] async::awaitable<std::string> problem();
    [[nodiscard]] async::awaitable<void> keep_making_tables();
    // It has queries, and no projection that runs here makes their tables.
    [[nodiscard]] bool needs_tables(const events::projection_definition& which) const;
    [[nodiscard]] async::awaitable<void> make_tables();
    void describe(const events::query& which);

    serve_surroundings around_;
    connections connections_;
    std::vector<events::projection_definition> definitions_;
    events::query_set set_;
    std::set<const events::query*> unproved_; // which the server has not checked yet
    std::deque<described> described_;         // in the order of set_.queries
    std::set<const events::query*> worked_;   // which have been answered, so that their tables are there
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    events::query_desk desk_;
    memory_budget budget_;     // of answers that wait for their clients
    async::task_scope making_; // tables
};

} // namespace app
