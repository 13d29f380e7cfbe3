#include "app/observe/line_log.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <array>
#include <gmock/gmock.h>
#include <limits>
#include <regex>
#include <unistd.h>

namespace app {
namespace {

using async::log_level;
using testing::HasSubstr;
using testing::MatchesRegex;

class json_log_test : public testing::Test {
  protected:
    // The last line, which must be one JSON object and one line.
    boost::json::object last() {
        EXPECT_EQ(lines_.find('\n'), lines_.size() - 1) << lines_;
        boost::json::error_code failed;
        auto value = boost::json::parse(lines_, failed);
        EXPECT_FALSE(failed) << failed.message() << ": " << lines_;
        lines_.clear();
        return failed ? boost::json::object() : value.as_object();
    }

    std::string lines_;
    json_log log_{"0193-run", [this](std::string_view line) { lines_ += line; }};
};

TEST_F(json_log_test, writes_an_object_a_line_with_its_standard_fields_first) {
    log_.warn("retry", "a try failed", {{"day", "2024-01-01"}, {"rows", 7}});

    EXPECT_THAT(
        lines_,
        MatchesRegex("\\{\"time\":\"[^\"]*Z\",\"level\":\"warn\",\"msg\":\"a try failed\","
                     "\"event\":\"retry\",\"run_id\":\"0193-run\",\"pid\":[0-9]+,\"day\":\"2024-01-01\","
                     "\"rows\":7\\}\n"));
}

TEST_F(json_log_test, keeps_the_type_and_the_value_of_a_field) {
    log_.info("event", "message",
              {{"least", std::numeric_limits<long>::min()},
               {"most", std::numeric_limits<std::size_t>::max()},
               {"share", 0.25},
               {"large", 1e300},
               {"yes", true},
               {"no", false},
               {"text", "42"}});
    const auto line = last();

    EXPECT_EQ(line.at("least").as_int64(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(line.at("most").as_uint64(), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(line.at("share").as_double(), 0.25);
    EXPECT_EQ(line.at("large").as_double(), 1e300);
    EXPECT_TRUE(line.at("yes").as_bool());
    EXPECT_FALSE(line.at("no").as_bool());
    EXPECT_EQ(line.at("text").as_string(), "42");
}

TEST_F(json_log_test, has_null_where_json_has_no_number) {
    log_.info("event", "message",
              {{"nan", std::numeric_limits<double>::quiet_NaN()},
               {"infinite", -std::numeric_limits<double>::infinity()}});
    const auto line = last();
    EXPECT_TRUE(line.at("nan").is_null());
    EXPECT_TRUE(line.at("infinite").is_null());
}

TEST_F(json_log_test, is_valid_json_whatever_the_text) {
    const std::string nul("a\0b", 3);
    for (const auto& text : {std::string(), std::string("\"},\"level\":\"none\""), std::string("\\"),
                             std::string("two\nlines\r\n\ttab"), std::string("\x1b[31m\x7f\x01"), nul,
                             std::string("Grüße 😀 \xe2\x80\xa8"), std::string(100'000, '"')}) {
        log_.info("event", text, {{"field", text}, {text, "key"}});
        const auto line = last();
        EXPECT_EQ(line.at("msg").as_string(), text);
        EXPECT_EQ(line.at("field").as_string(), text);
        EXPECT_EQ(line.at("level").as_string(), "info");
        EXPECT_EQ(line.at(text).as_string(), "key");
    }
}

TEST_F(json_log_test, is_valid_json_even_for_text_that_is_not_utf8) {
    for (const std::string text :
         {"\xff", "caf\xe9", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf"}) {
        log_.info("event", text, {{"field", text}, {text, "key"}});
        const auto line = last();
        EXPECT_THAT(std::string(line.at("msg").as_string()), HasSubstr("\xef\xbf\xbd"));
    }
}

class text_log_test : public testing::Test {
  protected:
    void write_to(bool colour, const std::function<void(async::log&)>& how) {
        text_log log(
            {[this](std::string_view line) { lines_ += line; }, colour, [this] { lines_ += "<clear>"; }, {}});
        how(log);
    }
    // Without the time of day.
    [[nodiscard]] std::string lines() const {
        return std::regex_replace(lines_, std::regex("[0-9]{2}:[0-9]{2}:[0-9]{2}Z"), "TIME");
    }

    std::string lines_;
};

TEST_F(text_log_test, writes_a_line_for_people_after_the_bar_has_been_cleared) {
    write_to(false, [](async::log& log) {
        log.info("began", "it has begun", {{"rows", 7}, {"share", 0.5}, {"dry_run", false}});
        log.warn("retry", "a try failed", {{"what", "put block"}, {"blob", "a/b.csv"}, {"empty", ""}});
    });
    EXPECT_EQ(lines(), "<clear>TIME it has begun  rows=7  share=0.5  [began]\n"
                       "<clear>TIME warn a try failed  what=\"put block\"  blob=a/b.csv  [retry]\n");
}

TEST_F(text_log_test, shows_its_process_where_people_look_for_it) {
    text_log log({[this](std::string_view line) { lines_ += line; }, false, {}, {}, process_id::shown},
                 {"task", "agency"});
    log.info("event", "sent", {{"rows", 7}});
    EXPECT_EQ(lines(), "TIME sent  rows=7  task=agency  pid=" + std::to_string(::getpid()) + "  [event]\n");
}

TEST_F(text_log_test, colours_what_needs_attention_and_dims_the_name_if_colours_are_wanted) {
    write_to(true, [](async::log& log) {
        log.set_threshold(log_level::debug);
        log.debug("event", "d");
        log.info("event", "i");
        log.warn("event", "w");
        log.error("event", "e");
    });
    EXPECT_EQ(lines(), "<clear>TIME \x1b[2mdebug\x1b[0m d  \x1b[2mevent\x1b[0m\n"
                       "<clear>TIME i  \x1b[2mevent\x1b[0m\n"
                       "<clear>TIME \x1b[33mwarn\x1b[0m w  \x1b[2mevent\x1b[0m\n"
                       "<clear>TIME \x1b[31merror\x1b[0m e  \x1b[2mevent\x1b[0m\n");
}

TEST_F(text_log_test, lets_no_text_from_outside_add_a_line_or_a_colour) {
    write_to(false, [](async::log& log) {
        log.error("event", "no such table\nTIME info  all is well\x1b[32m",
                  {{"blob", "a\nb"}, {"name", "\x1b[2J"}, {"quoted", "a\"b=c"}, {"error.hint", "x\ny"}});
        log.info("day.archived", "m", {{"day", "2024\n"}, {"rows", 1U}, {"file", "\x1b[2J"}});
    });
    EXPECT_EQ(lines(), "<clear>TIME error no such table TIME info  all is well [32m"
                       "  blob=\"a\\nb\"  name=\"\\u001b[2J\"  quoted=\"a\\\"b=c\"  [event]\n    x y\n"
                       "<clear>2024          1 row        0 B   [2J  [day.archived]\n");
}

TEST_F(text_log_test, begins_a_run_with_two_lines_and_its_plan_with_one) {
    write_to(false, [](async::log& log) {
        log.info("run.start", "archive begins",
                 {{"database", "db:5432/app as app"},
                  {"account", "acc"},
                  {"path", "c/f"},
                  {"table", "t"},
                  {"retention", "1 year"},
                  {"dry_run", true}});
        log.info("azure.identity", "signing in", {{"azure.identity", "account key"}});
        for (const auto rows : {7'500U, 10U})
            log.info("plan", "planned",
                     {{"cutoff", "2025-11-29 00:28:03.06"},
                      {"reading", "by day, with the index"},
                      {"days", 1U},
                      {"rows", rows}});
    });
    EXPECT_EQ(lines(), "<clear>archive: db:5432/app as app, t older than 1 year, dry run  [run.start]\n"
                       "<clear>     to: acc/c/f, by account key  [azure.identity]\n"
                       "<clear>plan: 1 day, 7,500 rows before 2025-11-29 00:28:03 UTC, by index  [plan]\n");
}

TEST_F(text_log_test, has_no_summary_where_only_errors_are_wanted) {
    write_to(false, [](async::log& log) {
        log.set_threshold(log_level::error);
        log.summary("run.summary", "nothing was due", {});
        log.set_threshold(log_level::warn);
        const std::array fields{async::log_field("exit_code", 0), async::log_field("duration_ms", 100)};
        log.summary("run.summary", "nothing was due", fields);
    });
    EXPECT_EQ(lines(), "<clear>done in 0.1 s: nothing was due  [run.summary]\n");
}

TEST(timestamp, is_utc_with_microseconds) {
    EXPECT_TRUE(std::regex_match(
        timestamp(),
        std::regex("[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{6}Z")))
        << timestamp();
}

} // namespace
} // namespace app
