#include "events/projection/stop_reason.hpp"

#include "events/projection/control.hpp"

#include <fmt/format.h>

namespace events {

using async::failure;

std::optional<async::error> error_in(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const async::error& said) {
        return said;
    } catch (...) {
        return std::nullopt;
    }
}

bool stops_projection(const async::error& said) {
    return !said.may_repeat() && said.kind() != failure::integrity && said.kind() != failure::internal &&
           said.kind() != failure::locked;
}

void log_stop(async::log& log, const async::error& why, const position_key& where, position at) {
    const auto hint =
        !why.hint().empty() ? why.hint()
        : is_rebuild(where.projection)
            ? std::string("Mend its files or its tables, then rebuild it again.")
            : fmt::format("Mend its files or its tables, then `event-archiver projections resume {}`.",
                          projection_of(where.projection));
    log.error("projection.failed", why.message(),
              {{"projection", where.projection},
               {"topic", where.topic},
               {"position", at},
               {"error.type", async::to_string(why.kind())},
               {"hint", hint}});
}

} // namespace events
