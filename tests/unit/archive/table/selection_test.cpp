#include "archive/table/selection.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

table_description events() {
    table_description table;
    table.name = R"(public."Event")";
    table.columns = {"id", "created_at", "Pay\"load"};
    table.time_column = R"("created_at")";
    table.keys = {{"id", R"("id")", "bigint", 0}};
    table.members = {7};
    return table;
}

constexpr std::string_view own = " AND tableoid OPERATOR(pg_catalog.=) 7::pg_catalog.oid";

table_description zoned_events() {
    auto table = events();
    table.time_has_zone = true;
    return table;
}

selection before(std::string upper) {
    selection rows;
    rows.upper = std::move(upper);
    return rows;
}

const auto all_due = before("2025-11-20 02:00:00.123");

TEST(where_clause, takes_what_lies_between_the_bounds) {
    EXPECT_EQ(where_clause(events(), all_due), R"("created_at" >= timestamp '0001-01-01 00:00:00')"
                                               R"( AND "created_at" < timestamp '2025-11-20 02:00:00.123')");
}

TEST(where_clause, gives_bounds_in_utc_to_a_column_with_a_time_zone) {
    EXPECT_EQ(where_clause(zoned_events(), all_due),
              R"("created_at" >= timestamptz '0001-01-01 00:00:00+00')"
              R"( AND "created_at" < timestamptz '2025-11-20 02:00:00.123+00')");
}

TEST(where_clause, keeps_a_shard_to_its_days_also_before_1970_and_at_infinity) {
    auto rows = all_due;
    rows.shard = {3, 12};
    EXPECT_EQ(where_clause(events(), rows),
              where_clause(events(), all_due) +
                  R"( AND CASE WHEN isfinite("created_at") THEN)"
                  R"( (("created_at"::date - date '1970-01-01') % 12 + 12) % 12 = 3 ELSE false END)");
}

TEST(where_clause, is_the_same_for_counting_copying_and_deleting) {
    auto rows = all_due;
    rows.shard = {0, 2};
    const auto where = " WHERE " + where_clause(events(), rows);

    EXPECT_EQ(count_days_sql(events(), rows), R"(SELECT ("created_at"::date - date '1970-01-01'), count(*))"
                                              R"( FROM public."Event")" +
                                                  where + " GROUP BY 1 ORDER BY 1");
    EXPECT_EQ(copy_day_sql(events(), rows),
              R"(COPY (SELECT "id", "created_at", "Pay""load" FROM public."Event")" + where +
                  std::string(own) + ") TO STDOUT (FORMAT csv)");
    EXPECT_EQ(delete_sql(events(), rows), R"(DELETE FROM public."Event")" + where + std::string(own));
}

TEST(own_rows, are_those_of_the_table_or_of_its_partitions) {
    auto table = events();
    EXPECT_EQ(" AND " + own_rows(table), own);
    EXPECT_EQ(own_rows(table, "t."), "t.tableoid OPERATOR(pg_catalog.=) 7::pg_catalog.oid");
    table.members = {7, 11};
    EXPECT_EQ(own_rows(table), "tableoid OPERATOR(pg_catalog.=) ANY ('{7,11}'::pg_catalog.oid[])");
    table.members.clear();
    EXPECT_EQ(own_rows(table), "tableoid OPERATOR(pg_catalog.=) ANY ('{}'::pg_catalog.oid[])");
}

TEST(count_dayless_sql, counts_what_lies_below_year_1_and_below_the_cutoff) {
    EXPECT_EQ(count_dayless_sql(events(), all_due),
              R"(SELECT count(*) FROM public."Event" WHERE "created_at" < timestamp '0001-01-01 00:00:00')");
    EXPECT_EQ(
        count_dayless_sql(zoned_events(), all_due),
        R"(SELECT count(*) FROM public."Event" WHERE "created_at" < timestamptz '0001-01-01 00:00:00+00')");
}

TEST(backlog_seconds_sql, measures_from_the_oldest_of_the_rows_to_the_cutoff) {
    EXPECT_EQ(backlog_seconds_sql(events(), before("2024-01-02 00:00:00"), "2024-01-05 02:00:00"),
              R"(SELECT extract(epoch FROM timestamp '2024-01-05 02:00:00' - min("created_at"))::bigint)"
              R"( FROM public."Event" WHERE "created_at" >= timestamp '0001-01-01 00:00:00')"
              R"( AND "created_at" < timestamp '2024-01-02 00:00:00')");
    EXPECT_TRUE(backlog_seconds_sql(zoned_events(), all_due, "2024-01-05 02:00:00")
                    .starts_with("SELECT extract(epoch FROM timestamptz '2024-01-05 02:00:00+00' - min("));
}

TEST(copy_range_sql, leads_with_the_day_and_leaves_it_empty_for_rows_without_one) {
    const std::string copies =
        R"(COPY (SELECT CASE WHEN "created_at" >= timestamp '0001-01-01 00:00:00')"
        R"( THEN ("created_at"::date - date '1970-01-01') END, "id", "created_at", "Pay""load")"
        R"( FROM public."Event" WHERE "created_at" < timestamp '2025-11-20 02:00:00.123')";
    const struct {
        const char* context;
        page_range pages;
        std::string_view condition;
    } cases[] = {
        {"the whole table", {0, std::nullopt}, ""},
        {"the first range", {0, 100}, " AND ctid < '(100,0)'::tid"},
        {"one in the middle", {100, 200}, " AND ctid >= '(100,0)'::tid AND ctid < '(200,0)'::tid"},
        {"the last, without an end", {200, std::nullopt}, " AND ctid >= '(200,0)'::tid"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.context);
        EXPECT_EQ(copy_range_sql(events(), all_due, row.pages),
                  copies + std::string(row.condition) + std::string(own) + ") TO STDOUT (FORMAT csv)");
    }
}

TEST(copy_range_sql, leaves_out_rows_of_days_that_are_done) {
    auto rows = all_due;
    rows.lower = "2025-11-19 00:00:00";
    const auto sql = copy_range_sql(events(), rows, {});
    EXPECT_NE(sql.find(R"( AND ("created_at" >= timestamp '2025-11-19 00:00:00')"
                       R"( OR "created_at" < timestamp '0001-01-01 00:00:00'))"),
              std::string::npos)
        << sql;
}

TEST(copy_range_sql, keeps_to_its_shard_too) {
    auto rows = all_due;
    rows.shard = {1, 2};
    const auto sql = copy_range_sql(zoned_events(), rows, {});
    EXPECT_NE(sql.find("% 2 + 2) % 2 = 1 ELSE false END AND tableoid "), std::string::npos) << sql;
    EXPECT_NE(sql.find("< timestamptz '2025-11-20 02:00:00.123+00'"), std::string::npos) << sql;
}

TEST(one_day, cuts_the_day_out_of_the_whole) {
    auto sharded = all_due;
    sharded.shard = {1, 2};
    auto resumed = all_due;
    resumed.lower = "2025-11-19 00:00:00";
    const struct {
        const char* context;
        selection whole;
        std::string_view day;
        std::string_view lower;
        std::string_view upper;
    } cases[] = {
        {"a whole day", all_due, "2024-02-28", "2024-02-28 00:00:00", "2024-02-29 00:00:00"},
        {"the cutoff's own day", all_due, "2025-11-20", "2025-11-20 00:00:00", "2025-11-20 02:00:00.123"},
        {"the day before it", all_due, "2025-11-19", "2025-11-19 00:00:00", "2025-11-20 00:00:00"},
        {"the first day there is", all_due, "0001-01-01", "0001-01-01 00:00:00", "0001-01-02 00:00:00"},
        {"the last day there is has no next", before("9999-12-31 23:00:00"), "9999-12-31",
         "9999-12-31 00:00:00", "9999-12-31 23:00:00"},
        {"a shard's day is asked for by its bounds alone", sharded, "2024-12-31", "2024-12-31 00:00:00",
         "2025-01-01 00:00:00"},
        {"a run that resumes", resumed, "2025-11-19", "2025-11-19 00:00:00", "2025-11-20 00:00:00"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.context);
        const auto part = one_day(row.whole, *lake::day::from_text(row.day));
        EXPECT_EQ(part.lower, row.lower);
        EXPECT_EQ(part.upper, row.upper);
        EXPECT_EQ(part.shard.count, 1U);
    }
}

TEST(days_from_to, cuts_days_that_follow_each_other_out_of_the_whole) {
    auto whole = all_due;
    whole.shard = {1, 2};
    const auto day = [](std::string_view text) { return *lake::day::from_text(text); };
    whole.held = {day("2024-05-01")};
    const auto part = days_from_to(whole, day("2024-02-28"), day("2024-03-01"));
    EXPECT_EQ(where_clause(events(), part), R"("created_at" >= timestamp '2024-02-28 00:00:00')"
                                            R"( AND "created_at" < timestamp '2024-03-02 00:00:00')");
    const auto last = days_from_to(whole, day("2025-11-19"), day("2025-11-20"));
    EXPECT_EQ(last.upper, whole.upper);
}

} // namespace
} // namespace archive
