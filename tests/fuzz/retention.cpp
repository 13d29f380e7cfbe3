// A retention that is read is positive and comes back from its own text; a refusal is one printable line.
#include "archive/retention.hpp"

#include "tests/fuzz/check.hpp"

#include <algorithm>

namespace {

void check_read(const archive::retention& value) {
    check(value.months >= 0 && value.days >= 0 && value.microseconds >= 0, "no part is negative");
    check(value.months > 0 || value.days > 0 || value.microseconds > 0, "it is not zero");
    check(value.months <= 12'000 && value.days <= 366'000, "it is not longer than 1000 years");
    const auto again = archive::parse_retention(value.interval);
    check(std::holds_alternative<archive::retention>(again), "its own text can be read");
    check(std::get<archive::retention>(again) == value, "its own text means the same");
}

void check_mistake(const std::string& mistake) {
    check(!mistake.empty() && mistake.size() < 300, "it is a clause");
    check(std::all_of(mistake.begin(), mistake.end(), [](char c) { return c >= ' ' && c <= '~'; }),
          "it is one printable line");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = archive::parse_retention({reinterpret_cast<const char*>(data), size});
    if (const auto* mistake = std::get_if<std::string>(&parsed))
        check_mistake(*mistake);
    else
        check_read(std::get<archive::retention>(parsed));
    return 0;
}
