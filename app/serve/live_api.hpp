// POST /liveEvent, as the live ETL's server answered it.
// Tested by tests/integration/test_live_api.py.
#pragma once

#include "app/serve/intake.hpp"
#include "app/serve/served_part.hpp"

#include <vector>

namespace app {

class live_api final : public served_part {
  public:
    // `events_in` must outlive it.
    live_api(serve_surroundings around, intake& events_in)
        : around_(around)
        , intake_(events_in) {}

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;

  private:
    [[nodiscard]] async::awaitable<http::response> post(http::request& asked);

    serve_surroundings around_;
    intake& intake_;
};

} // namespace app
