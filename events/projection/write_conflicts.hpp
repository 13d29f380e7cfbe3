// What the batches of a stream do about another program that changes their rows all the time. A batch has one
// snapshot: a row that was changed since is 40001, and the whole batch is tried again.
// Tested by tests/fault/test_write_conflicts.py.
#pragma once

#include "async/deadline.hpp"

#include <cstddef>
#include <exception>

namespace events {

class write_conflicts {
  public:
    // After each try of a batch: what it threw; null if it was applied, or fenced.
    void note(const std::exception_ptr& failed);

    // A batch locks the tables before its snapshot: then others wait for it, and it for them.
    [[nodiscard]] bool must_lock() const { return in_a_row_ >= before_locks || !lock_until_.passed(); }
    // The tables cannot be locked, or others are changed: a batch of one event is the shortest.
    [[nodiscard]] bool must_be_short() const { return in_a_row_ >= before_short || !short_until_.passed(); }
    // More than a few dead letters are to be seen together in one batch: they mean that apply.sql is wrong.
    void be_long() { short_until_ = async::deadline(async::deadline::clock::time_point()); }
    // The first try that locks: it is to be logged.
    [[nodiscard]] bool begins_to_lock() const { return in_a_row_ == before_locks && lock_until_.passed(); }

  private:
    // Conflicts in a row.
    static constexpr std::size_t before_locks = 3;
    static constexpr std::size_t before_short = 6;

    std::size_t in_a_row_ = 0;
    async::deadline lock_until_{async::deadline::clock::time_point()};
    async::deadline short_until_{async::deadline::clock::time_point()};
};

} // namespace events
