// Why a journal does not do what it was asked for.
#pragma once

#include "async/error.hpp"

#include <cstdint>
#include <string>

namespace events {

enum class journal_failure : std::uint8_t {
    overloaded,   // more waits for the disk or the broker than memory allows; nothing was kept
    full,         // no room for more; nothing was kept
    too_large,    // one append that no frame or message can hold; nothing was kept
    broken,       // a sync failed: what waits for it may be kept or not, and nothing more is accepted
    before_start, // the position asked for has been removed
    beyond_end,   // the position asked for has never been given: another journal, or one that was put back
    foreign,      // the directory is no journal, or belongs to another one
    damaged,      // what was durable cannot be read
    in_use,       // another process writes to it
};

// `broken` comes with outcome_unknown(). `overloaded` and `full` are temporary and come with retry_after().
class journal_error : public async::error {
  public:
    journal_error(journal_failure reason, std::string message, std::string hint = {});
    [[nodiscard]] journal_failure reason() const noexcept { return reason_; }

  private:
    journal_failure reason_;
};

} // namespace events
