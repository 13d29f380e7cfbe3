#include "app/serve/windows/window_view.hpp"

#include <chrono>
#include <cstdlib>
#include <gmock/gmock.h>
#include <string>
#include <time.h>

namespace app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The time zone of the process, for one test.
class own_zone {
  public:
    explicit own_zone(const char* name) {
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    ~own_zone() {
        ::unsetenv("TZ");
        ::tzset();
    }
    own_zone(const own_zone&) = delete;
    own_zone& operator=(const own_zone&) = delete;
};

events::event_time at(std::chrono::sys_seconds when) { return {when}; }

constexpr std::chrono::sys_seconds moment = std::chrono::sys_days(std::chrono::year(2026) / 11 / 20) +
                                            std::chrono::hours(15) + std::chrono::minutes(3);

events::recorded_event event(events::position position, std::chrono::sys_seconds time, std::string value) {
    return {position, at(time), {std::nullopt, {}, std::move(value)}};
}

TEST(window_file_of, names_five_seconds_of_a_minute_in_the_processes_time_zone) {
    using std::chrono::seconds;
    {
        const own_zone zone("UTC");
        EXPECT_EQ(window_file_of(at(moment)), "server_events_261120150300.jsonl");
        EXPECT_EQ(window_file_of(at(moment + seconds(4))), "server_events_261120150300.jsonl");
        EXPECT_EQ(window_file_of(at(moment + seconds(34))), "server_events_261120150306.jsonl");
        EXPECT_EQ(window_file_of(at(moment + seconds(59))), "server_events_261120150311.jsonl");
    }
    const auto long_ago = std::chrono::sys_days(std::chrono::year(701) / 1 / 2);
    {
        const own_zone zone("UTC");
        EXPECT_EQ(window_file_of(at(long_ago)), "server_events_010102000000.jsonl");
    }
    const own_zone zone("Asia/Tokyo");
    EXPECT_EQ(window_file_of(at(moment)), "server_events_261121000300.jsonl");
}

TEST(on_one_line, removes_white_space_outside_strings) {
    EXPECT_EQ(on_one_line("{\n  \"a b\" : [1,\t2] ,\r\n \"c\\\" d\": \"\\\\\" }"),
              R"({"a b":[1,2],"c\" d":"\\"})");
}

TEST(on_one_line, leaves_no_line_end_in_what_is_no_json) {
    EXPECT_EQ(on_one_line("\"a\nb"), "\"a b");
    EXPECT_EQ(on_one_line("\"a\\\nb\r\n\""), "\"a\\ b  \"");
    EXPECT_EQ(on_one_line("\\\"a\nb"), "\\\"a b") << "a backslash outside a string escapes nothing";
    EXPECT_EQ(on_one_line("a\nb"), "ab");
}

window_plan planned(std::initializer_list<events::recorded_event> events, std::int32_t partition = 0) {
    window_plan plan;
    for (const auto& each : events) {
        plan.add(partition, each);
        plan.read_up_to(partition, each.at + 1);
    }
    return plan;
}

TEST(window_plan, gathers_lines_by_file) {
    const own_zone zone("UTC");
    const auto plan = planned(
        {event(0, moment, "{}"), event(1, moment, "{ }"), event(2, moment + std::chrono::seconds(5), "[1]")});
    ASSERT_EQ(plan.additions().size(), 2U);
    EXPECT_EQ(plan.additions()[0].lines, "{}\n{}\n");
    EXPECT_THAT(plan.additions()[0].ranges, ElementsAre(window_range{0, 0, 2}));
    EXPECT_EQ(plan.additions()[1].file, "server_events_261120150301.jsonl");
    EXPECT_FALSE(plan.empty());
    EXPECT_TRUE(window_plan().empty());
}

TEST(window_view, counts_the_lines_that_are_processed) {
    const own_zone zone("UTC");
    window_view view("journal");
    view.apply(planned(
        {event(0, moment, "{}"), event(1, moment, "{}"), event(2, moment + std::chrono::seconds(5), "{}")}));
    EXPECT_EQ(view.offsets({}), "{}");
    EXPECT_EQ(view.offsets({{0, 1}}), R"({"server_events_261120150300.jsonl":1})");
    EXPECT_EQ(view.offsets({{0, 3}}),
              R"({"server_events_261120150300.jsonl":2,"server_events_261120150301.jsonl":1})");
    EXPECT_EQ(view.offsets({{0, 99}}), view.offsets({{0, 3}})) << "a line that is not there is not counted";
    EXPECT_FALSE(view.all_applied({{0, 2}}));
    EXPECT_TRUE(view.all_applied({{0, 3}}));
    EXPECT_THAT(view.oldest({{0, 2}}, 9), ElementsAre("server_events_261120150300.jsonl"));
    EXPECT_THAT(view.oldest({{0, 1}}, 9), IsEmpty());
    view.forget("server_events_261120150300.jsonl");
    EXPECT_EQ(view.lines_of("server_events_261120150300.jsonl"), 0U);
    EXPECT_EQ(view.lines_of("server_events_261120150301.jsonl"), 1U);
}

TEST(window_view, comes_back_from_its_text) {
    const own_zone zone("UTC");
    window_view view("a-journal");
    view.apply(planned({event(0, moment, "{}"), event(3, moment, "{}")}));
    view.apply(planned({event(7, moment, "{}")}, 1));
    view.apply(planned({event(4, moment + std::chrono::seconds(5), "{}")}));
    const auto back = window_view::read(view.text());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->text(), view.text());
    EXPECT_EQ(back->journal(), "a-journal");
    EXPECT_EQ(back->next(), (window_positions{{0, 5}, {1, 8}}));
    EXPECT_EQ(back->lines_of("server_events_261120150300.jsonl"), 3U);
}

TEST(window_view, takes_no_other_text) {
    const auto whole = window_view("j").text();
    for (const std::string& text :
         {std::string(), std::string("{}"), whole.substr(0, whole.size() - 1), whole + "more\n",
          std::string("event-archiver window files 1\nend\n"),
          std::string("event-archiver window files 1\njournal j\nnext 0 -1\nend\n"),
          std::string("event-archiver window files 1\njournal j\nwindow f 0:5-5\nend\n"),
          std::string("event-archiver window files 1\njournal j\nwindow f 0:5\nend\n"),
          std::string("event-archiver window files 1\njournal j\nwhat\nend\n")})
        EXPECT_FALSE(window_view::read(text)) << text;
}

} // namespace
} // namespace app
