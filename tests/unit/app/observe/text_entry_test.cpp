#include "app/observe/text_entry.hpp"
#include "app/text/wrap.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace app {
namespace {

using async::log_field;
using async::log_level;
using testing::HasSubstr;
using testing::Not;

constexpr text_look plain{};

std::vector<std::string> in_lines(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

TEST(day_line, is_short_and_in_columns) {
    const std::vector<log_field> fields{{"day", "2025-11-09"},
                                        {"rows", 7'500U},
                                        {"rows_recognised", 0U},
                                        {"bytes", 1'984'912U},
                                        {"file", "created"}};
    EXPECT_EQ(day_line({log_level::info, "day.archived", "archived a day", fields}, plain),
              "2025-11-09     7,500 rows    2.0 MB  created  [day.archived]\n");
    EXPECT_EQ(day_line({log_level::info, "day.uploaded", "dry run: uploaded a day", fields}, plain),
              "2025-11-09     7,500 rows    2.0 MB  created (dry run)  [day.uploaded]\n");
}

TEST(day_line, names_rows_that_were_there_already_and_another_table) {
    const std::vector<log_field> archived{{"day", "2025-11-09"},
                                          {"rows", 1U},
                                          {"rows_recognised", 2'000U},
                                          {"bytes", 10U},
                                          {"file", "appended"}};
    EXPECT_EQ(
        day_line({log_level::info, "day.archived", "", archived}, plain),
        "2025-11-09         1 row       10 B  appended, 2,000 were in the file already  [day.archived]\n");
    const std::vector<log_field> restored{
        {"day", "2025-11-09"}, {"rows", 5U}, {"rows_present", 1U}, {"bytes", 10U}, {"table", "copy"}};
    EXPECT_THAT(day_line({log_level::info, "day.restored", "restored a day", restored}, plain),
                HasSubstr("into copy, 1 were there"));
    auto held = restored;
    held.emplace_back("held_until", "2026-12-30T11:31:54Z");
    held[1] = {"rows", 7'500U};
    held[3] = {"bytes", 1'984'912U};
    EXPECT_EQ(
        day_line({log_level::info, "day.restored", "restored a day", held}, plain),
        "2025-11-09     7,500 rows    2.0 MB  on hold until 2026-12-30, 1 were there  [day.restored]\n");
}

TEST(day_line, says_that_a_day_which_was_restored_in_place_is_not_on_hold) {
    const std::vector<log_field> restored{{"day", "2025-11-09"},    {"rows", 0U},
                                          {"rows_present", 7'500U}, {"bytes", 10U},
                                          {"table", "public.t"},    {"in_place", true}};
    EXPECT_THAT(day_line({log_level::info, "day.restored", "restored a day", restored}, plain),
                HasSubstr("not on hold, 7,500 were there"));
}

TEST(day_line, tells_of_days_that_are_skipped_and_of_rows_that_are_erased) {
    const std::vector<log_field> held{
        {"day", "2025-11-09"}, {"blob", "events_2025-11-09.csv"}, {"held_until", "2026-12-30T11:31:54Z"}};
    EXPECT_EQ(day_line({log_level::info, "day.held", "", held}, plain),
              "2025-11-09  skipped: restored, and on hold until 2026-12-30  [day.held]\n");
    const std::vector<log_field> erased{
        {"day", "2025-11-09"}, {"rows", 40U}, {"rows_left", 7'460U}, {"bytes", 1'984'912U}};
    EXPECT_EQ(day_line({log_level::info, "day.erased", "", erased}, plain),
              "2025-11-09        40 rows erased, 7,460 left: 2.0 MB  [day.erased]\n");
}

TEST(general_lines, repeat_no_words_of_the_message) {
    const std::vector<log_field> fields{
        {"owner", "table public.b"}, {"topic", "b"}, {"this", "table public.c"}};
    const log_entry entry{log_level::info, "e", "the folder belongs to table public.b", fields};
    EXPECT_EQ(general_lines(entry, "02:00:03", plain),
              "02:00:03Z the folder belongs to table public.b  topic=b  this=\"table public.c\"  [e]\n");
}

TEST(general_lines, repeat_no_code_or_id_of_a_request) {
    const std::vector<log_field> fields{
        {"azure.error_code", "AuthorizationFailure"}, {"azure.request_id", "7"}, {"topic", "b"}};
    const log_entry entry{log_level::error, "e", "403 AuthorizationFailure (request id 7): b", fields};
    EXPECT_EQ(general_lines(entry, "02:00:03", plain),
              "02:00:03Z error 403 AuthorizationFailure (request id 7): b  topic=b  [e]\n");
}

TEST(general_lines, have_a_hint_on_a_line_of_its_own_as_it_is) {
    const std::vector<log_field> fields{{"topic", "b"}, {"hint", "write those to public.\"Event\""}};
    EXPECT_EQ(general_lines({log_level::info, "e", "nothing runs", fields}, "02:00:03", plain),
              "02:00:03Z nothing runs  topic=b  [e]\n    write those to public.\"Event\"\n");
}

TEST(general_lines, leave_to_the_last_line_what_it_says) {
    const std::vector<log_field> fields{{"blob", "b"}, {"error.type", "usage"}, {"exit_code", 2}};
    const log_entry mistake{log_level::error, "e", "it is wrong", fields};
    EXPECT_EQ(general_lines(mistake, "02:00:03", plain), "02:00:03Z error it is wrong  blob=b  [e]\n");
    EXPECT_EQ(general_lines(mistake, "02:00:03", {0, false, true}),
              "02:00:03Z error it is wrong  blob=b  error.type=usage  exit_code=2  [e]\n");
}

TEST(retry_line, says_which_try_comes_when) {
    const std::vector<log_field> fields{{"what", "asking 'db'"},
                                        {"error.message", "connection refused"},
                                        {"try", 1},
                                        {"tries_max", 6},
                                        {"pause_ms", 717}};
    EXPECT_EQ(retry_line({log_level::warn, "retry", "a try failed", fields}, "02:00:03", plain),
              "02:00:03Z warn asking 'db': connection refused; try 2 of 6 in 0.7 s  [retry]\n");
    const std::vector<log_field> endless{
        {"what", "asking 'db'"}, {"error.message", "no"}, {"try", 1}, {"pause_ms", 90}, {"pid", 7}};
    EXPECT_EQ(retry_line({log_level::warn, "retry", "a try failed", endless}, "02:00:03", plain),
              "02:00:03Z warn asking 'db': no; try 2 in 0.1 s  pid=7  [retry]\n");
}

TEST(request_line, has_one_line_for_a_request) {
    const std::vector<log_field> fields{
        {"method", "POST"},         {"path", "/events/audit"},  {"status", 201U}, {"bytes", 33U},
        {"duration_ms", 22.669836}, {"request_id", "1691554a"}, {"cut", false}};
    EXPECT_EQ(
        request_line({log_level::info, "http.request", "a request was answered", fields}, "02:00:03", plain),
        "02:00:03Z POST /events/audit 201  33 B  22.7 ms  1691554a\n");
}

TEST(plan_line, says_what_is_due_and_how_it_is_read) {
    const auto line = [](std::uint64_t days, std::string_view reading, bool by_day) {
        std::vector<log_field> fields{{"cutoff", "2025-11-29 00:28:03.066294"},
                                      {"reading", reading},
                                      {"days", days},
                                      {"rows", days * 10}};
        if (by_day) {
            fields.emplace_back("run_days", 3'650U);
            fields.emplace_back("run_rows", 36'500U);
        }
        return plan_line({log_level::info, "plan", "planned", fields}, plain);
    };
    EXPECT_EQ(line(0, "by day, with the index on the time column", false),
              "plan: nothing to archive before 2025-11-29 00:28:03 UTC  [plan]\n");
    EXPECT_EQ(line(1, "by day, with the index on the time column", true),
              "plan: 3,650 days, 36,500 rows before 2025-11-29 00:28:03 UTC, by index, a transaction a day"
              "  [plan]\n");
    EXPECT_EQ(line(0, "once over all pages", false),
              "plan: rows before 2025-11-29 00:28:03 UTC, in one scan: there is no index on the time column"
              "  [plan]\n");
}

std::vector<log_field> summary_of_a_run() {
    return {{"status", "succeeded"},
            {"exit_code", 0},
            {"command", "archive"},
            {"dry_run", false},
            {"phase", "done"},
            {"cutoff", "2025-11-29 00:28:03"},
            {"rows", 150'136U},
            {"rows_deleted", 150'136U},
            {"rows_recognised", 0U},
            {"days", 21U},
            {"bytes", 39'282'348U},
            {"files_created", 21U},
            {"files_pending", 0U},
            {"attempts", 22U},
            {"requests", 1'068U},
            {"retries", 0U},
            {"cpu_seconds", 1.5},
            {"peak_memory_bytes", 48'500'000U},
            {"duration_ms", 3'700},
            {"phase_ms.planning", 100},
            {"phase_ms.settling", 2},
            {"phase_ms.staging", 3'000},
            {"deleting_beside_ms", 2'300}};
}

TEST(summary_lines, are_four_without_what_says_nothing) {
    const auto fields = summary_of_a_run();
    const log_entry entry{log_level::info, "run.summary", "archived 150136 rows of 21 days", fields};
    EXPECT_EQ(summary_lines(entry, plain),
              "done in 3.7 s: archived 150,136 rows of 21 days, 39.3 MB  [run.summary]\n"
              "  150,136 rows deleted, 21 files created\n"
              "  used: 1,068 requests, 1.5 s of CPU, 48.5 MB of memory\n"
              "  time: planning 0.1 s, staging 3.0 s, deleting beside staging 2.3 s\n");
}

TEST(summary_lines, fit_the_terminal_and_break_no_word) {
    const auto fields = summary_of_a_run();
    const log_entry entry{log_level::info, "run.summary", "archived 150136 rows of 21 days", fields};
    for (const std::size_t width : {40, 60, 80}) {
        std::string all;
        for (const auto& line : in_lines(summary_lines(entry, {width, false}))) {
            EXPECT_LT(columns_of(line), width) << line;
            all += line + " ";
        }
        for (const auto* word : {"150,136", "requests,", "memory", "staging"})
            EXPECT_THAT(all, HasSubstr(std::string(" ") + word)) << width;
    }
}

TEST(summary_lines, say_how_a_run_failed_or_was_stopped) {
    std::vector<log_field> fields{{"status", "failed"}, {"exit_code", 4}, {"rows", 0U}, {"duration_ms", 180}};
    EXPECT_EQ(summary_lines({log_level::info, "run.summary", "failed with exit code 4", fields}, plain),
              "failed after 0.2 s, exit code 4  [run.summary]\n");
    EXPECT_EQ(summary_lines({log_level::info, "run.summary", "failed: 1 file gone", fields}, plain),
              "failed after 0.2 s, exit code 4: 1 file gone  [run.summary]\n");
    fields[0] = {"status", "stopped"};
    fields[1] = {"exit_code", 143};
    EXPECT_EQ(summary_lines({log_level::info, "run.summary", "stopped", fields}, plain),
              "stopped after 0.2 s, exit code 143  [run.summary]\n");
}

TEST(summary_lines, take_fields_that_they_do_not_know) {
    const std::vector<log_field> fields{{"exit_code", 0},         {"passes", 2'000U},
                                        {"lines_left_out", 7U},   {"rows_deleted", 0U},
                                        {"duration_ms", 120'000}, {"tubs", 3U}};
    EXPECT_EQ(summary_lines({log_level::info, "run.summary", "sent 5 events", fields}, plain),
              "done in 2 min: sent 5 events  [run.summary]\n  2,000 passes, tubs 3\n");
}

TEST(with_event, leaves_the_name_out_rather_than_give_it_a_line_unless_it_is_trouble) {
    const log_entry fine{log_level::info, "a.long.name", "", {}};
    EXPECT_EQ(with_event("twelve words", fine, {20, false}, 2), "twelve words");
    EXPECT_EQ(with_event("twelve words", fine, {40, false}, 2), "twelve words  [a.long.name]");
    const log_entry trouble{log_level::warn, "a.long.name", "", {}};
    EXPECT_EQ(with_event("twelve words", trouble, {20, false}, 2), "twelve words\n  [a.long.name]");
}

} // namespace
} // namespace app
