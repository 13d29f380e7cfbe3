// The memory that the bodies of requests, and the events made of them, may take together.
// Tested by tests/unit/app/serve/memory_budget_test.cpp.
#pragma once

#include "http/request.hpp"

#include <cstddef>
#include <memory>

namespace app {

class memory_budget {
  public:
    explicit memory_budget(std::size_t bytes_max)
        : bytes_max_(bytes_max) {}
    memory_budget(const memory_budget&) = delete;
    memory_budget& operator=(const memory_budget&) = delete;

    // Null if fewer bytes are left. A single body is let in whatever its size, so that one larger than the
    // budget can be served too. The budget must outlive the result.
    [[nodiscard]] std::shared_ptr<http::body_room> take(std::size_t bytes);
    [[nodiscard]] std::size_t taken() const noexcept { return taken_; }
    [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }

  private:
    class share;
    [[nodiscard]] bool exchange(std::size_t old_bytes, std::size_t new_bytes) noexcept;

    std::size_t bytes_max_;
    std::size_t taken_ = 0;
};

} // namespace app
