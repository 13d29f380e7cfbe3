// The journal as a part of the server: opened before the first request, closed after the last answer. Every
// API that accepts events uses its intake.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "app/serve/intake/intake.hpp"
#include "app/serve/intake/keyed_intake.hpp"
#include "app/serve/served_part.hpp"
#include "async/condition.hpp"
#include "async/deadline.hpp"

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace app {

class journal_part final : public served_part {
  public:
    explicit journal_part(serve_surroundings around);

    // For the other parts, which must not outlive this one.
    [[nodiscard]] intake& events_in() noexcept { return intake_; }
    [[nodiscard]] const intake& events_in() const noexcept { return intake_; }
    // Keys belong to a topic, whichever API they come by.
    [[nodiscard]] keyed_intake& keyed_events_in() noexcept { return keyed_; }
    [[nodiscard]] events::journal& journal() noexcept { return *journal_; }

    [[nodiscard]] std::vector<readiness_probe> probes() override;
    [[nodiscard]] std::vector<telemetry::metric> metrics() const override;
    [[nodiscard]] async::awaitable<void> begin() override;
    [[nodiscard]] async::awaitable<void> work() override;
    [[nodiscard]] async::awaitable<void> close() override;
    [[nodiscard]] std::string_view at_work() const override { return unreported_; }
    void stop() override;

  private:
    [[nodiscard]] async::awaitable<std::string> problem();

    serve_surroundings around_;
    std::unique_ptr<events::journal> journal_;
    intake intake_;
    keyed_intake keyed_;
    std::exception_ptr broken_;
    bool open_ = false;
    async::deadline close_by_;    // of one in Kafka; never: nothing stopped it
    std::string_view unreported_; // the fate of some events is not known at the end
    async::condition changed_;    // it has broken, or shall stop
};

} // namespace app
