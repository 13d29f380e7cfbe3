// Limits bytes a second, averaged over about a second.
#pragma once

#include "async/asio.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace archive {

class rate_limit {
  public:
    // nullopt: no limit.
    explicit rate_limit(std::optional<std::uint64_t> bytes_per_second) noexcept
        : rate_(bytes_per_second) {}

    // Waits until `bytes` more may be taken.
    [[nodiscard]] async::awaitable<void> spend(std::uint64_t bytes);

  private:
    std::optional<std::uint64_t> rate_;
    std::chrono::steady_clock::time_point paid_until_;
};

} // namespace archive
