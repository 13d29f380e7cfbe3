#include "events/journal/error.hpp"

#include <chrono>
#include <utility>

namespace events {

namespace {

async::failure kind_of(journal_failure reason) noexcept {
    switch (reason) {
    case journal_failure::overloaded:
    case journal_failure::full:
    case journal_failure::broken:
        return async::failure::temporary;
    case journal_failure::too_large:
    case journal_failure::foreign:
        return async::failure::precondition;
    case journal_failure::before_start:
    case journal_failure::beyond_end:
    case journal_failure::damaged:
        return async::failure::integrity;
    case journal_failure::in_use:
        return async::failure::locked;
    }
    return async::failure::internal;
}

} // namespace

journal_error::journal_error(journal_failure reason, std::string message, std::string hint)
    : async::error(kind_of(reason), std::move(message), std::move(hint))
    , reason_(reason) {
    if (reason == journal_failure::overloaded || reason == journal_failure::full)
        set_retry_after(std::chrono::seconds(1));
    if (reason == journal_failure::broken) {
        set_not_repeatable();
        set_outcome_unknown();
    }
}

} // namespace events
