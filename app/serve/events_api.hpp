// The generic API of the journal: events of any topic in, and read back.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "app/serve/event_body.hpp"
#include "app/serve/intake.hpp"
#include "app/serve/keyed_intake.hpp"
#include "app/serve/served_part.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace app {

class events_api final : public served_part {
  public:
    // `events_in` and `keyed_events_in` must outlive it.
    events_api(serve_surroundings around, intake& events_in, keyed_intake& keyed_events_in);

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;

  private:
    [[nodiscard]] async::awaitable<http::response> post(http::request& asked);
    [[nodiscard]] async::awaitable<http::response> read(http::request& asked);

    serve_surroundings around_;
    intake& intake_;
    keyed_intake& keyed_;
    std::shared_ptr<std::size_t> readers_ = std::make_shared<std::size_t>(0);
};

} // namespace app
