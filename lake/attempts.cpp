#include "lake/attempts.hpp"

#include "async/caught.hpp"
#include "async/deadline.hpp"
#include "async/pause.hpp"
#include "lake/conflict.hpp"
#include "lake/folder_lease.hpp"

#include <algorithm>
#include <optional>

namespace lake {

namespace {

constexpr std::chrono::milliseconds look_again_pause{100};
constexpr std::chrono::milliseconds tail_pause{500}; // each look lists the folder

// How long a run waits for others. The lease's time counts from when it was first found taken.
class patience {
  public:
    explicit patience(const attempt_limits& limits)
        : lock_(async::deadline::after(limits.lock_wait))
        , tail_(async::deadline::after(limits.settle_wait))
        , lease_wait_(std::max<std::chrono::milliseconds>(limits.lock_wait, lease_patience)) {}

    [[nodiscard]] bool has_run_out(attempt_result result) {
        if (result == attempt_result::lock_busy)
            return lock_.passed();
        if (result == attempt_result::tail_waiting)
            return tail_.passed();
        if (!lease_)
            lease_ = async::deadline::after(lease_wait_);
        return lease_->passed();
    }

  private:
    async::deadline lock_;
    async::deadline tail_;
    std::chrono::milliseconds lease_wait_;
    std::optional<async::deadline> lease_;
};

[[noreturn]] void throw_busy(attempt_result result, const attempt_limits& limits,
                             const attempt_steps& steps) {
    if (result == attempt_result::lock_busy)
        throw steps.lock_is_held();
    if (result == attempt_result::tail_waiting)
        throw steps.tail_is_open();
    throw limits.lease->taken();
}

awaitable<void> repeat(const attempt_limits& limits, const attempt_steps& steps) {
    int conflicts = 0;
    patience left(limits);
    for (;;) {
        const auto [reached, failed] = co_await async::outcome_of(steps.attempt());
        const auto result = reached.value_or(attempt_result::finished);
        if (limits.stop.requested() && (failed || result != attempt_result::finished))
            async::throw_cancelled();
        if (failed) {
            if (!may_run_again(failed) || ++conflicts >= conflicts_max)
                std::rethrow_exception(failed);
            steps.tell_again(failed, conflicts);
            co_await async::pause(look_again_pause * conflicts);
            continue;
        }
        if (result == attempt_result::finished)
            co_return;
        if (result == attempt_result::committed)
            conflicts = 0;
        if (result == attempt_result::committed || result == attempt_result::settled)
            continue;
        if (left.has_run_out(result))
            throw_busy(result, limits, steps);
        co_await async::pause(result == attempt_result::lock_busy ? look_again_pause : tail_pause);
    }
}

} // namespace

awaitable<void> repeat_attempts(attempt_limits limits, attempt_steps steps) {
    const auto all = [&limits, &steps] { return repeat(limits, steps); };
    if (limits.lease == nullptr)
        co_await all();
    else
        co_await limits.lease->renewed_beside(all);
}

} // namespace lake
