#include "app/text/units.hpp"

#include <fmt/format.h>

#include <array>

namespace app {

namespace {

std::string scaled(double number, double base, const std::array<const char*, 5>& units) {
    std::size_t unit = 0;
    while (number >= base && unit + 1 < units.size()) {
        number /= base;
        ++unit;
    }
    return unit == 0 ? fmt::format("{:.0f}{}", number, units[0])
                     : fmt::format("{:.1f}{}", number, units[unit]);
}

} // namespace

std::string short_count(std::uint64_t count) {
    return scaled(static_cast<double>(count), 1000, {"", "k", "M", "G", "T"});
}

std::string short_bytes(double bytes) { return scaled(bytes, 1000, {" B", " kB", " MB", " GB", " TB"}); }

std::string grouped(std::uint64_t count) {
    auto digits = std::to_string(count);
    for (auto at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits;
}

std::string short_duration(std::chrono::seconds span) {
    const auto seconds = span.count();
    if (seconds < 90)
        return fmt::format("{} s", seconds);
    const auto minutes = (seconds + 30) / 60;
    return minutes < 90 ? fmt::format("{} min", minutes)
                        : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string counted(std::uint64_t count, const char* noun) {
    return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

std::string_view name_in_folder(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

} // namespace app
