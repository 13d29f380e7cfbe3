// POST /liveEvent, with the answers of the live ETL's server. With an Idempotency-Key, which that server did
// not have, an event is kept once.
// Tested by tests/integration/test_live_api.py.
#pragma once

#include "app/serve/intake/event_door.hpp"
#include "app/serve/served_part.hpp"

#include <vector>

namespace app {

class live_api final : public served_part {
  public:
    // `events_in` must outlive it.
    live_api(serve_surroundings around, keyed_intake& events_in);

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;

  private:
    [[nodiscard]] bool has_secret(const http::request& asked) const;
    [[nodiscard]] async::awaitable<http::response> post(http::request& asked);

    serve_surroundings around_;
    event_door door_;
};

} // namespace app
