#include "app/cli/restore_flags.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

archive::restore_request request_of(const restore_flags& given) {
    return std::get<archive::restore_request>(read_restore(given));
}

std::string restore_mistake(const restore_flags& given) { return std::get<std::string>(read_restore(given)); }

TEST(read_restore, takes_one_day_or_a_range) {
    const auto one =
        request_of({.days = {.from = "", .to = "", .day = "2024-01-02"}, .into = "", .hold = ""});
    EXPECT_EQ(one.days.first, lake::day::from_text("2024-01-02"));
    EXPECT_EQ(one.days.last, one.days.first);
    EXPECT_EQ(one.hold, "30 days");
    const auto from =
        request_of({.days = {.from = "2024-01-02", .to = "", .day = ""}, .into = "", .hold = "none"});
    EXPECT_EQ(from.days.last, std::nullopt);
    EXPECT_EQ(from.hold, "");
}

TEST(read_restore, holds_for_the_time_that_was_asked_for) {
    const auto hold_of = [](const std::string& given) {
        return request_of({.days = {.from = "", .to = "", .day = "2024-01-02"}, .into = "", .hold = given})
            .hold;
    };
    EXPECT_EQ(hold_of(" 90 days"), "90 days");
    EXPECT_EQ(hold_of(" 30d "), "30 days");
    EXPECT_EQ(hold_of("0 years 90 days"), "90 days");
    EXPECT_EQ(hold_of("0 mons 2 years"), "2 years");
    for (const auto* const none : {"none", "0", "0d", "00 days", "0s"})
        EXPECT_EQ(hold_of(none), "") << none;
    for (const std::string wrong : {" ", "0 foo", "0x"})
        EXPECT_NE(
            restore_mistake({.days = {.from = "", .to = "", .day = "2024-01-02"}, .into = "", .hold = wrong}),
            "")
            << wrong;
}

TEST(read_restore, holds_nothing_of_what_goes_into_another_table) {
    const auto into =
        request_of({.days = {.from = "", .to = "", .day = "2024-01-02"}, .into = "copy", .hold = ""});
    EXPECT_EQ(into.into, "copy");
    EXPECT_EQ(into.hold, "");
    EXPECT_EQ(restore_mistake(
                  {.days = {.from = "", .to = "", .day = "2024-01-02"}, .into = "copy", .hold = "1 day"}),
              "--hold is for days that go back in place: leave it out with --into");
}

TEST(read_days_asked, names_the_command) {
    EXPECT_EQ(std::get<std::string>(read_days_asked("cat", {})),
              "cat needs the days: give --day, or --from, --to or both, as YYYY-MM-DD");
    const auto open =
        std::get<lake::day_range>(read_days_asked("cat", {.from = "2024-01-02", .to = "", .day = ""}));
    EXPECT_TRUE(open.contains(*lake::day::from_text("2030-01-01")));
    EXPECT_FALSE(open.contains(*lake::day::from_text("2024-01-01")));
    EXPECT_EQ(
        std::get<std::string>(read_days_asked("cat", {.from = "2024-01-02", .to = "", .day = "2024-01-02"})),
        "--day is one day: leave out --from and --to");
}

TEST(read_restore, says_what_would_be_right) {
    EXPECT_EQ(restore_mistake({}),
              "restore needs the days: give --day, or --from, --to or both, as YYYY-MM-DD");
    EXPECT_EQ(restore_mistake(
                  {.days = {.from = "2024-01-02", .to = "2024-01-01", .day = ""}, .into = "", .hold = ""}),
              "--from is 2024-01-02, later than --to, 2024-01-01: give the earlier day first");
    EXPECT_EQ(restore_mistake(
                  {.days = {.from = "", .to = "", .day = "2024-01-02"}, .into = "", .hold = "11 years"}),
              "--hold is '11 years': a hold is at most 10 years");
}

} // namespace
} // namespace app
