#include "events/projection/write_conflicts.hpp"

#include "db/error.hpp"

#include <chrono>

namespace events {

namespace {

// The other program may go on for as long as that, and each change of ours costs some tries.
constexpr std::chrono::minutes lock_on{1};
constexpr std::chrono::seconds short_on{10};

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

void write_conflicts::note(const std::exception_ptr& failed) {
    if (failed) {
        in_a_row_ += is_conflict(failed) ? 1 : 0;
        return;
    }
    if (in_a_row_ > 0 && must_lock())
        lock_until_ = async::deadline::after(lock_on);
    if (in_a_row_ > 0 && must_be_short())
        short_until_ = async::deadline::after(short_on);
    in_a_row_ = 0;
}

} // namespace events
