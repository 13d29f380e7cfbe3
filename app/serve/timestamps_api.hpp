// The command half of the timestamp service: POST /api/v1/timestamp/{t} and POST /app.
// Tested by tests/integration/test_timestamps_api.py.
#pragma once

#include "app/serve/intake.hpp"
#include "app/serve/keyed_intake.hpp"
#include "app/serve/served_part.hpp"

#include <optional>
#include <string>
#include <vector>

namespace app {

class timestamps_api final : public served_part {
  public:
    // `events_in` and `keyed_events_in` must outlive it.
    timestamps_api(serve_surroundings around, intake& events_in, keyed_intake& keyed_events_in)
        : around_(around)
        , intake_(events_in)
        , keyed_(keyed_events_in) {}

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;

  private:
    // `time`: as the client gave it; white space alone: now.
    [[nodiscard]] async::awaitable<http::response> submit(http::request& asked, std::string time);
    // `given`: the time of the request, as it names it; empty: now.
    [[nodiscard]] async::awaitable<http::response> publish(http::request& asked, std::string time,
                                                           std::string given);
    [[nodiscard]] async::awaitable<http::response> append(std::optional<std::string> key, std::string given,
                                                          events::event made, std::string id);

    serve_surroundings around_;
    intake& intake_;
    keyed_intake& keyed_;
};

} // namespace app
