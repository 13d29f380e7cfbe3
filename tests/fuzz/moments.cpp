// Log positions, moments, times and keys as text: what is read is written as it was read, and nothing that is
// of a day lies outside it.
#include "archive/table/selection.hpp"
#include "archive/table/table.hpp"
#include "async/error.hpp"
#include "db/position.hpp"
#include "lake/content/written_form.hpp"
#include "tests/fuzz/check.hpp"

#include <fmt/format.h>

#include <charconv>

namespace {

void check_lsn(std::string_view text) {
    std::uint64_t lsn = 0;
    try {
        lsn = db::parse_lsn(text);
    } catch (const async::error&) {
        return;
    }
    constexpr unsigned half = 32;
    const auto written = fmt::format("{:X}/{:X}", lsn >> half, lsn & 0xFFFF'FFFF);
    check(db::parse_lsn(written) == lsn, "a position comes back");
    check(text.find('/') != std::string_view::npos, "a position has two halves");
}

void check_time(std::string_view text) {
    constexpr std::string_view date = "2024-02-29";
    const auto which = *lake::day::from_text(date);
    const auto after = lake::seconds_after(which, text);
    check(after >= std::chrono::seconds(0), "nothing is before the day begins");
    switch (lake::judge_time(date, text)) {
    case lake::written_time::of_day:
        check(text.starts_with(date) && after < std::chrono::days(1), "a time of the day is within it");
        break;
    case lake::written_time::of_other_day:
        check(!text.starts_with(date) && lake::day::from_text(text.substr(0, date.size())).has_value(),
              "a time of another day names that day");
        break;
    case lake::written_time::none:
        break;
    }
}

void check_key(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = failed == std::errc() && end == text.data() + text.size();
    check(lake::is_written_key("bigint", text) == (whole && std::to_string(number) == text),
          "an integer key is what it is written as");
    check(lake::is_written_key("text", text), "any text is a text key");
    check(!lake::is_written_key("uuid", text) || text.size() == 36, "a uuid has its length");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_lsn(text);
    check_time(text);
    check_key(text);
    return 0;
}
