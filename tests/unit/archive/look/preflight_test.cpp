#include "archive/look/preflight.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

using std::chrono::milliseconds;

TEST(judge_clock, warns_of_more_than_five_minutes) {
    const struct {
        std::optional<milliseconds> ahead;
        check_status status;
        std::string_view detail;
    } cases[] = {
        {std::nullopt, check_status::skipped, "the time of the other side is not known"},
        {milliseconds(0), check_status::ok, "in sync with this machine's"},
        {milliseconds(-400), check_status::ok, "in sync with this machine's"},
        {milliseconds(2'000), check_status::ok, "2 s ahead of this machine's"},
        {milliseconds(-300'000), check_status::ok, "300 s behind this machine's"},
        {milliseconds(301'000), check_status::warning, "301 s ahead of this machine's"},
        {milliseconds(-900'000), check_status::warning, "900 s behind this machine's"},
    };
    for (const auto& [ahead, status, detail] : cases) {
        const auto line = judge_clock("lake clock", ahead);
        EXPECT_EQ(line.status, status) << detail;
        EXPECT_EQ(line.detail, detail);
    }
}

TEST(judge_version, wants_13) {
    EXPECT_EQ(judge_version(150'020).status, check_status::ok);
    EXPECT_EQ(judge_version(150'020).detail, "PostgreSQL 15.20");
    EXPECT_EQ(judge_version(130'000).status, check_status::ok);
    EXPECT_EQ(judge_version(120'022).status, check_status::failed);
    EXPECT_EQ(judge_version(120'022).failure, async::failure::precondition);
}

TEST(judge_rights, gives_the_statement_that_grants_what_is_missing) {
    table_rights rights{R"(public."Event")", R"("the role")", "public", "db"};
    EXPECT_EQ(judge_rights(rights).size(), 2U);
    EXPECT_EQ(verdict_of(judge_rights(rights)), std::nullopt);
    rights.remove = false;
    const auto lines = judge_rights(rights);
    EXPECT_EQ(lines[1].remedy, R"(GRANT DELETE ON public."Event" TO "the role";)");
    EXPECT_EQ(verdict_of(lines), async::failure::refused);
    rights.usage = false;
    EXPECT_EQ(judge_rights(rights)[0].remedy, R"(GRANT USAGE ON SCHEMA public TO "the role";)");
}

TEST(judge_rights, of_a_restore_are_to_insert_and_to_have_temporary_tables) {
    table_rights rights{"public.t", "r", "public", "d"};
    rights.remove = false;
    EXPECT_EQ(verdict_of(judge_rights(rights, preflight_aim::restore)), std::nullopt);
    rights.insert = false;
    rights.temporary = false;
    const auto lines = judge_rights(rights, preflight_aim::restore);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].remedy, "GRANT INSERT ON public.t TO r;");
    EXPECT_EQ(lines[2].remedy, "GRANT TEMPORARY ON DATABASE d TO r;");
}

TEST(verdict_of, is_the_first_failure) {
    std::vector<check_line> lines{{"a"}, {"b", check_status::warning}, {"c", check_status::skipped}};
    EXPECT_EQ(verdict_of(lines), std::nullopt);
    lines.push_back({"d", check_status::failed, {}, {}, async::failure::temporary});
    lines.push_back({"e", check_status::failed, {}, {}, async::failure::refused});
    EXPECT_EQ(verdict_of(lines), async::failure::temporary);
}

TEST(judge_connections, says_what_a_run_needs_and_what_is_allowed) {
    const connections_needed needed{2, 5, "a smaller ARCHIVE_PARALLEL"};
    EXPECT_EQ(judge_connections({}, needed).status, check_status::ok);
    struct row {
        int most;
        int others;
        check_status status;
        const char* remedy;
    };
    const row table[] = {
        {0, 0, check_status::failed, "LIMIT 5;"},
        {1, 0, check_status::failed, "LIMIT 5;"},
        {2, 0, check_status::warning, "LIMIT 5; Or give a smaller ARCHIVE_PARALLEL."},
        {4, 0, check_status::warning, "LIMIT 5; Or give a smaller ARCHIVE_PARALLEL."},
        {5, 0, check_status::ok, ""},
        {6, 2, check_status::warning, "LIMIT 7; Or give a smaller ARCHIVE_PARALLEL."},
        {6, 5, check_status::warning, "LIMIT 10; Or give a smaller ARCHIVE_PARALLEL."},
        {7, 2, check_status::ok, ""},
    };
    for (const auto& [most, others, status, remedy] : table) {
        const connection_limit wide{"the server's users", 97, 3, "max_connections {}"};
        const auto line = judge_connections({wide, {"role x", most, others, "LIMIT {};"}}, needed);
        EXPECT_EQ(line.status, status) << most << " " << others;
        EXPECT_EQ(line.remedy, remedy) << most << " " << others;
        EXPECT_EQ(line.failure.has_value(), status == check_status::failed);
    }
}

} // namespace
} // namespace archive
