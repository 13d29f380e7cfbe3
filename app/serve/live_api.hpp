// POST /liveEvent, with the answers of the live ETL's server. With an Idempotency-Key, which that server did
// not have, an event is kept once.
// Tested by tests/integration/test_live_api.py.
#pragma once

#include "app/serve/intake.hpp"
#include "app/serve/keyed_intake.hpp"
#include "app/serve/served_part.hpp"

#include <vector>

namespace app {

class live_api final : public served_part {
  public:
    // `events_in` and `keyed_events_in` must outlive it.
    live_api(serve_surroundings around, intake& events_in, keyed_intake& keyed_events_in)
        : around_(around)
        , intake_(events_in)
        , keyed_(keyed_events_in) {}

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;

  private:
    [[nodiscard]] bool has_secret(const http::request& asked) const;
    [[nodiscard]] async::awaitable<http::response> post(http::request& asked);
    [[nodiscard]] async::awaitable<http::response> append(http::request& asked, events::event event);

    serve_surroundings around_;
    intake& intake_;
    keyed_intake& keyed_;
};

} // namespace app
