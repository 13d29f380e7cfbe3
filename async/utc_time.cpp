#include "async/utc_time.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace async {

namespace {

// Not by system_clock, whose nanoseconds end in the year 2262.
std::tm parts_of(std::chrono::sys_seconds at) {
    return fmt::gmtime(std::time_t{at.time_since_epoch().count()});
}

} // namespace

std::string utc_text(std::chrono::sys_seconds at) {
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", parts_of(at));
}

std::string utc_text(std::chrono::sys_time<std::chrono::milliseconds> at) {
    const auto second = std::chrono::floor<std::chrono::seconds>(at);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", parts_of(second), (at - second).count());
}

std::string utc_text(std::chrono::sys_time<std::chrono::microseconds> at) {
    const auto second = std::chrono::floor<std::chrono::seconds>(at);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", parts_of(second), (at - second).count());
}

std::chrono::sys_seconds this_second() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

} // namespace async
