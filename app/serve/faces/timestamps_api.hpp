// The command half of the timestamp service: POST /api/v1/timestamp/{t} and POST /app.
// Tested by tests/integration/test_timestamps_api.py.
#pragma once

#include "app/serve/intake/event_door.hpp"
#include "app/serve/served_part.hpp"

#include <string>
#include <vector>

namespace app {

class timestamps_api final : public served_part {
  public:
    // `events_in` must outlive it.
    timestamps_api(serve_surroundings around, keyed_intake& events_in);

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;

  private:
    // `time`: as the client gave it; white space alone: now.
    [[nodiscard]] async::awaitable<http::response> submit(http::request& asked, std::string time);
    // `given`: the time of the request, as it names it; empty: now.
    [[nodiscard]] async::awaitable<http::response> publish(http::request& asked, std::string time,
                                                           std::string given);

    serve_surroundings around_;
    event_door door_;
};

} // namespace app
