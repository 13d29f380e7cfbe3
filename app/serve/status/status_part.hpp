// The page for people: GET /ui, and GET / where nothing else is there, with /ui/status, the JSON that it asks
// for. It reads what the other parts know, and sends the database two bounded queries.
// Tested by tests/integration/test_status_page.py.
#pragma once

#include "app/serve/exports/export_part.hpp"
#include "app/serve/intake/journal_part.hpp"
#include "app/serve/projections/projection_part.hpp"
#include "app/serve/readiness.hpp"
#include "app/serve/served_part.hpp"
#include "app/serve/shared_result.hpp"
#include "app/serve/status/archive_part.hpp"
#include "app/serve/status/position_history.hpp"
#include "app/serve/status/status_document.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace app {

// The parts that the page shows; null: not served. All outlive this part.
struct shown_parts {
    readiness& ready;
    const export_part* exports = nullptr;
    journal_part* journal = nullptr;
    const projection_part* projections = nullptr;
    archive_part* archive = nullptr;
};

class status_part final : public served_part {
  public:
    status_part(serve_surroundings around, shown_parts shown);

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;
    // Notes where positions are, for the plots.
    [[nodiscard]] async::awaitable<void> work() override;
    void stop() override { stopped_.notify_all(); }

    // The page at /, if no other route is there.
    [[nodiscard]] http::route front_route();

  private:
    [[nodiscard]] async::awaitable<http::response> page();
    [[nodiscard]] async::awaitable<http::response> status();
    [[nodiscard]] async::awaitable<std::string> look();
    [[nodiscard]] async::awaitable<void> add_events(boost::json::object& body);
    [[nodiscard]] async::awaitable<void> add_exports(boost::json::object& body);
    void add_archive(boost::json::object& body);
    [[nodiscard]] async::awaitable<journal_facts> look_at_journal();
    [[nodiscard]] async::awaitable<void> look_at_topics(journal_facts& facts);
    void note_positions();
    void note_end(const std::string& topic, std::chrono::system_clock::time_point now, events::position end);

    serve_surroundings around_;
    shown_parts shown_;
    std::chrono::system_clock::time_point started_ = std::chrono::system_clock::now();
    http::response page_;
    position_history history_;
    shared_document document_;
    async::condition stopped_;
};

} // namespace app
