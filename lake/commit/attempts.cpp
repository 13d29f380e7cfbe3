#include "lake/commit/attempts.hpp"

#include "async/caught.hpp"
#include "async/deadline.hpp"
#include "async/pause.hpp"
#include "lake/conflict.hpp"
#include "lake/lease/folder_lease.hpp"

#include <algorithm>
#include <exception>
#include <map>

namespace lake {

namespace {

constexpr std::chrono::milliseconds look_again_pause{100};
constexpr std::chrono::milliseconds tail_pause{500}; // each look lists the folder

// How long a run waits for others: each time counts from when one was first found in the way.
class patience {
  public:
    explicit patience(const attempt_limits& limits) noexcept
        : limits_(limits) {}

    [[nodiscard]] bool has_run_out(attempt_result in_the_way) {
        const auto until = until_.try_emplace(in_the_way, async::deadline::after(wait_for(in_the_way))).first;
        return until->second.passed();
    }
    // A transaction was done: what is in the way from now on came later.
    void begin_again() noexcept { until_.clear(); }

  private:
    [[nodiscard]] std::chrono::milliseconds wait_for(attempt_result in_the_way) const {
        if (in_the_way == attempt_result::lock_busy)
            return limits_.lock_wait;
        if (in_the_way == attempt_result::tail_waiting)
            return limits_.settle_wait;
        return std::max<std::chrono::milliseconds>(limits_.lock_wait, lease_patience);
    }

    const attempt_limits& limits_;
    std::map<attempt_result, async::deadline> until_;
};

// Whether a stop explains the failure. What is wrong with the data is told all the same.
bool comes_from_stop(const std::exception_ptr& failed) noexcept {
    return async::failure_of(failed) != async::failure::integrity;
}

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
        if (limits.stop.requested() &&
            (failed ? comes_from_stop(failed) : result != attempt_result::finished))
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
        if (result == attempt_result::part_done) {
            conflicts = 0;
            left.begin_again();
        }
        if (result == attempt_result::part_done || result == attempt_result::settled)
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
