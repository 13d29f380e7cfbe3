// Another program wrote to a file, or to rows, between our look and our write: the whole run may be repeated,
// with a fresh look at everything.
// Tested by tests/unit/lake/commit/attempts_test.cpp.
#pragma once

#include "async/error.hpp"

namespace lake {

class conflict : public async::error {
  public:
    explicit conflict(std::string message)
        : async::error(async::failure::temporary, std::move(message),
                       "Another writer is at work in the folder or on old rows; the next run tries again.") {
        set_not_repeatable();
    }
};

// How often a run begins again after conflicts before it gives up.
inline constexpr int conflicts_max = 5;

// True if everything may be repeated at once with a fresh snapshot and a fresh look at the files: another
// program wrote first, here or on the server (a serialization failure).
[[nodiscard]] bool may_run_again(const std::exception_ptr& failed);

} // namespace lake
