#include "app/cli/exit_code.hpp"

#include <array>

namespace app {

std::span<const exit_code_meaning> exit_codes() noexcept {
    static constexpr std::array<exit_code_meaning, 11> table{{
        {exit_code::done, "done, or nothing was due", ""},
        {exit_code::failed, "failed, not classified", "perhaps"},
        {exit_code::usage, "usage: an invalid flag, value or setting", "no"},
        {exit_code::precondition,
         "precondition: no such table, column or container; schema changed; a foreign file in the way", "no"},
        {exit_code::refused, "refused: authentication or permission", "rarely"},
        {exit_code::temporary, "temporary: unreachable, throttled, timed out, serialization failure", "yes"},
        {exit_code::integrity, "integrity: counts or checksums disagree", "no, needs investigation"},
        {exit_code::locked, "another run holds the lock", "later"},
        {exit_code::internal, "internal error", "no"},
        {130, "stopped by SIGINT; rolled back", "yes"},
        {143, "stopped by SIGTERM; rolled back", "yes"},
    }};
    return table;
}

int exit_code_of(async::failure kind) noexcept {
    switch (kind) {
    case async::failure::unclassified:
        return exit_code::failed;
    case async::failure::usage:
        return exit_code::usage;
    case async::failure::precondition:
        return exit_code::precondition;
    case async::failure::refused:
        return exit_code::refused;
    case async::failure::temporary:
        return exit_code::temporary;
    case async::failure::integrity:
        return exit_code::integrity;
    case async::failure::locked:
        return exit_code::locked;
    case async::failure::internal:
        break;
    }
    return exit_code::internal;
}

} // namespace app
