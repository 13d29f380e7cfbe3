// Tells an event apart from another one at the same position, in a journal that was put back or created
// again under the same name.
#pragma once

#include "events/event.hpp"

#include <string>

namespace events {

// "POSITION TIME CHECKSUM": the checksum is of the key, the headers and the value.
[[nodiscard]] std::string mark_of(const recorded_event& each);

} // namespace events
