#include "exports/report.hpp"

namespace exports {

std::string_view to_string(outcome value) noexcept {
    switch (value) {
    case outcome::exported:
        return "exported";
    case outcome::empty:
        return "empty";
    case outcome::tried:
        return "tried";
    case outcome::failed:
        break;
    }
    return "failed";
}

} // namespace exports
