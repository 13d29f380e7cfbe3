// The requests of `project`, `projections`, `dead-letters` and `migrate`.
// Tested by tests/unit/app/cli/projection_requests_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace app {

struct projection_request {
    enum class action : unsigned char { list, pause, resume, replay, rebuild, forget };
    action what = action::list;            // of `projections`
    std::vector<std::string> names;        // empty: all
    bool once = false;                     // project --once
    bool detach = false;                   // projections rebuild --detach
    bool only_events = false;              // projections replay and rebuild --only-events
    bool drop = false;                     // projections forget --drop
    std::optional<std::int64_t> from;      // a position, or
    std::optional<std::int64_t> from_time; // seconds since 1970, UTC
};

struct dead_letter_request {
    enum class action : unsigned char { list, retry, drop };
    action what = action::list;
    std::string name;
    std::string topic;                     // empty: all
    std::optional<std::int32_t> partition; // nullopt: all
    std::vector<std::int64_t> positions;   // empty: all, of `list` and `retry`
    std::vector<std::int64_t> named;       // those of `positions` that were not given as a range
};

// The flags of `projections`.
struct projections_options {
    std::string from;
    bool detach = false;
    bool only_events = false;
    bool drop = false;
};

// Each returns the request, or a mistake.
[[nodiscard]] std::variant<projection_request, std::string>
read_projections_request(const std::vector<std::string>& arguments, const projections_options& flags);
[[nodiscard]] std::variant<dead_letter_request, std::string>
read_dead_letter_request(const std::vector<std::string>& arguments, bool retry, bool drop);

} // namespace app
