// What the batches of a stream do about another program that changes their rows all the time. A batch has one
// snapshot: a row that was changed since is 40001, and the whole batch is tried again.
// Tested by tests/unit/events/projection/apply/write_conflicts_test.cpp and
// tests/fault/test_write_conflicts.py.
#pragma once

#include "async/deadline.hpp"

#include <cstddef>
#include <exception>

namespace events {

// How the next batch is tried.
struct batch_way {
    // The tables are locked before its snapshot: then others wait for it, and it for them.
    bool locks_tables = false;
    // It has one event, the shortest that there is: the tables cannot be locked, or others are changed.
    bool is_single = false;
    bool is_news = false; // to be logged: once a minute
};

class write_conflicts {
  public:
    using clock = async::deadline::clock;

    // `can_lock`: the stream has tables to lock.
    [[nodiscard]] batch_way next_way(bool can_lock, clock::time_point now);
    // Whether the tables were locked for the batch that has been begun. Where a transaction that stays open
    // has written one row of them, they cannot be: that is not asked again and again, for all other writers
    // wait behind it.
    void note_lock(bool is_taken, clock::time_point now);
    // After each try of a batch: what it threw; null if it was applied, or fenced.
    void note(const std::exception_ptr& failed, clock::time_point now);
    // More than a few dead letters are to be seen together in one batch: they mean that apply.sql is wrong.
    void allow_long_batches() { single_until_ = {}; }

  private:
    std::size_t in_a_row_ = 0; // conflicts
    batch_way way_;
    bool is_locked_ = false;
    clock::time_point lock_until_{};
    clock::time_point single_until_{};
    clock::time_point no_lock_until_{};
    clock::time_point quiet_until_{};
};

} // namespace events
