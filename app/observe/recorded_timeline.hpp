// The run's phases, reads and uploads, kept for the page of --report.
#pragma once

#include "async/timeline.hpp"

#include <cstddef>
#include <vector>

namespace app {

// Keeps the first few thousand spans of the job, its readers and uploaders, and passes all on.
class recorded_timeline : public async::timeline {
  public:
    static constexpr std::size_t kept_max = 4'000;

    // `next`: another timeline, or null; it must outlive this.
    explicit recorded_timeline(async::timeline* next)
        : next_(next) {}

    void write(const stretch& drawn) override;

    [[nodiscard]] const std::vector<stretch>& kept() const noexcept { return kept_; }
    [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }
    [[nodiscard]] clock::time_point started() const noexcept { return started_; }

  private:
    async::timeline* next_;
    clock::time_point started_ = clock::now();
    std::vector<stretch> kept_;
    std::size_t left_out_ = 0;
};

} // namespace app
