#include "async/race.hpp"

namespace async {

error timed_out(std::string_view waiting_for) {
    return {failure::temporary, "timed out waiting for " + std::string(waiting_for)};
}

} // namespace async
