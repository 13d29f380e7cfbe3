// The generic API of the journal: events of any topic in, and read back.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "app/serve/intake/event_body.hpp"
#include "app/serve/intake/event_door.hpp"
#include "app/serve/served_part.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace app {

class events_api final : public served_part {
  public:
    // `events_in` must outlive it.
    events_api(serve_surroundings around, keyed_intake& events_in);

    [[nodiscard]] std::vector<http::route> routes() override;
    [[nodiscard]] std::vector<api_operation> operations() const override;

  private:
    [[nodiscard]] async::awaitable<http::response> post(http::request& asked);
    [[nodiscard]] async::awaitable<http::response> read(http::request& asked);

    serve_surroundings around_;
    event_door door_;
    std::shared_ptr<std::size_t> readers_ = std::make_shared<std::size_t>(0);
};

} // namespace app
