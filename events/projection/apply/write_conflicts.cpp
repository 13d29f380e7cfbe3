#include "events/projection/apply/write_conflicts.hpp"

#include "db/error.hpp"

#include <chrono>

namespace events {

namespace {

// Conflicts in a row.
constexpr std::size_t before_locks = 3;
constexpr std::size_t before_single = 6;
// The other program may go on for as long as that, and each change of ours costs some tries.
constexpr std::chrono::minutes locks_last{1};
constexpr std::chrono::seconds single_lasts{10};
constexpr std::chrono::seconds no_lock_lasts{10};
constexpr std::chrono::minutes news_every{1};

bool is_conflict(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const db::error& said) {
        return said.serialization_failure();
    } catch (...) {
        return false;
    }
}

} // namespace

batch_way write_conflicts::next_way(bool can_lock, clock::time_point now) {
    const bool many = in_a_row_ >= before_locks;
    way_.locks_tables = can_lock && (many || now < lock_until_) && now >= no_lock_until_;
    way_.is_single = in_a_row_ >= before_single || now < single_until_ || (many && !way_.locks_tables);
    way_.is_news = (way_.locks_tables || way_.is_single) && now >= quiet_until_;
    if (way_.is_news)
        quiet_until_ = now + news_every;
    is_locked_ = false;
    return way_;
}

void write_conflicts::note_lock(bool is_taken, clock::time_point now) {
    is_locked_ = is_taken;
    if (is_taken)
        return;
    lock_until_ = {};
    no_lock_until_ = now + no_lock_lasts;
}

void write_conflicts::note(const std::exception_ptr& failed, clock::time_point now) {
    if (failed) {
        in_a_row_ += is_conflict(failed) ? 1 : 0;
        return;
    }
    if (in_a_row_ > 0 && is_locked_)
        lock_until_ = now + locks_last;
    if (in_a_row_ > 0 && way_.is_single)
        single_until_ = now + single_lasts;
    in_a_row_ = 0;
}

} // namespace events
