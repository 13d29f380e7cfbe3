#include "db/position.hpp"
#include "lake/mark/mark.hpp"
#include "lake/mark/mark_change.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace lake {
namespace {

using rig::pending_mark;
using rig::record_before;

// What stands in the lake stays readable: a change here needs a new format version.
TEST(mark, is_written_in_a_form_that_does_not_change) {
    const azure::metadata expected{
        {"archiverformat", "2"},
        {"archivertable", "public.Event"},
        {"archiverrows", "30"},
        {"archiverbytes", "4000000000000"},
        {"archivercrc", "ffffffffffffffff"},
        {"archiveruncompressed", "32000000000000"},
        {"archiverpending", "4294967299"},
        {"archiverlast",
         "run=0193-now,xid=4294967299,cluster=7312345678901234567,database=16384,"
         "timeline=4294967295,lsn=18446744073709551615,started=1767225600000001,blocks=50000,header="
         "0123456789abcdef,"
         "types=000000000000000a,key=the%20key+a%2bb,sample=50%25%2ca%3d%c3%bc+,rowcrc=00000000000000fe"},
        {"archiverbase", "rows=10,bytes=1000,crc=00000000000000ff,uncompressed=8000,run=0193-earlier,xid=741,"
                         "cluster=7312345678901234567,database=16384,timeline=1,lsn=94489280512,blocks=1,"
                         "header=0123456789abcdef"},
    };
    EXPECT_EQ(metadata_with(pending_mark(), {}), expected);
}

TEST(mark, comes_back_from_metadata_as_it_was) {
    auto without_base = pending_mark();
    without_base.base.reset();
    auto not_numbered = pending_mark();
    not_numbered.now.position.cluster = "hidden";
    auto restoring = settled(pending_mark());
    restoring.restoring = db::transaction_mark{"0193-restore", "4294967300", restoring.now.position};
    restoring.held_until = "2026-12-24T02:00:00Z";
    auto counted = restoring;
    counted.restoring_rows = 36;
    auto again = pending_mark();
    again.restored = moved_back(restoring).restored;
    for (const auto& mark :
         {pending_mark(), without_base, not_numbered, settled(pending_mark()), restoring,
          moved_back(restoring), counted, moved_back(counted), archived_again(moved_back(restoring)), again,
          not_restored(restoring), emptied(restoring, record_before())}) {
        const auto read = mark_from(metadata_with(mark, {}));
        EXPECT_EQ(read.mistake, "");
        EXPECT_EQ(read.mark, mark);
    }
}

// What 0.1.0 wrote: names as quote_ident wrote them, one key column, no CRC of the row.
TEST(mark, of_the_first_format_is_read_as_the_names_it_means) {
    const std::pair<std::string_view, std::string_view> tables[] = {
        {"public.\"Event\"", "public.Event"},   {"\"public\".\"Event\"", "public.Event"},
        {"\"order\".\"a.b\"", "order.a%2eb"},   {"s.\"K%c3%a4se\"", "s.K%c3%a4se"},
        {"\"a\"\"b\".\"c%20d\"", "a\"b.c%20d"}, {"public.\"50%25\"", "public.50%25"},
        {"export/agency", "export/agency"},
    };
    auto values = metadata_with(settled(pending_mark()), {});
    values["archiverformat"] = "1";
    values["archiverlast"] = "run=r,xid=7,cluster=1,database=2,timeline=1,lsn=9,blocks=1,header=0f,"
                             "key=\"the%20%22%22key\",sample=50%25%2ca%3d%c3%bc";
    for (const auto& [written, meant] : tables) {
        values["archivertable"] = written;
        const auto read = mark_from(values);
        EXPECT_EQ(read.mistake, "");
        ASSERT_TRUE(read.mark);
        EXPECT_EQ(read.mark->table, meant);
        EXPECT_EQ(read.mark->now.sample, (sampled_row{{"the \"key"}, {"50%,a=ü"}, {}}));
        EXPECT_EQ(mark_from(metadata_with(*read.mark, {})).mark, read.mark) << "written again in today's";
    }
    for (const auto* broken : {"public.\"Event", "\"a\"b", "%ff.\"x\""}) {
        values["archivertable"] = broken;
        EXPECT_NE(mark_from(values).mistake, "") << broken;
    }
}

TEST(mark, whose_sample_is_spoiled_is_not_read) {
    for (const auto* sample :
         {"key=id,sample=%ff", "key=id,sample=%00", "key=id+b,sample=1", "key=id", "sample=1",
          "key=id,sample=%ed%a0%80", "key=id,sample=%2", "key=id,sample=1,rowcrc=x"}) {
        auto values = metadata_with(settled(pending_mark()), {});
        values["archiverlast"] =
            "run=r,xid=7,cluster=1,database=2,timeline=1,lsn=9,blocks=1,header=0f," + std::string(sample);
        EXPECT_NE(mark_from(values).mistake, "") << sample;
    }
}

TEST(mark, is_not_read_with_a_hold_that_is_not_ours) {
    auto values = metadata_with(settled(pending_mark()), {});
    for (const auto* hold : {"infinity", "2026-12-24", "2026-12-24 02:00:00Z", "2026-13-24T02:00:00Z",
                             "2026-12-24T24:00:00Z", "2026-12-24T02:60:00Z", "x2026-12-24T02:00:00Z"}) {
        values["archiverhold"] = hold;
        EXPECT_EQ(mark_from(values).mistake,
                  "its metadata cannot be read: 'archiverhold' is not YYYY-MM-DDThh:mm:ssZ")
            << hold;
    }
}

// A tail that put its file into another tier says which one it was.
TEST(mark, remembers_the_tier_of_its_base) {
    for (const auto* tier : {"", "Hot", "Cold"}) {
        auto mark = pending_mark();
        mark.base->tier = tier;
        const auto values = metadata_with(mark, {});
        EXPECT_EQ(mark_from(values).mark, mark);
        EXPECT_NE(values.at("archiverbase").find(std::string(",tier=") + tier + ",run="), std::string::npos);
        EXPECT_EQ(taken_back(mark).now, record_before()) << "it is the file's own again";
    }
    auto values = metadata_with(pending_mark(), {});
    values["archiverbase"] += ",tier=Archive";
    EXPECT_EQ(mark_from(values).mistake, "its metadata cannot be read: 'tier' is not one");
}

TEST(mark, says_so_when_its_tail_is_the_whole_file) {
    auto mark = pending_mark();
    mark.base.reset();
    EXPECT_EQ(metadata_with(mark, {}).at("archiverbase"), "none");
}

TEST(mark, leaves_nothing_of_the_pending_state_behind_once_settled) {
    const auto values = metadata_with(settled(pending_mark()), metadata_with(pending_mark(), {}));

    EXPECT_FALSE(values.contains("archiverpending"));
    EXPECT_FALSE(values.contains("archiverbase"));
    EXPECT_EQ(mark_from(values).mark->now, pending_mark().now);
}

TEST(mark, restates_the_metadata_of_others_and_replaces_ours) {
    const azure::metadata others{
        {"owner", "analytics"}, {"archiverrows", "7"}, {"archiverfuture", "x"}, {"archive", "y"}};

    const auto values = metadata_with(pending_mark(), others);

    EXPECT_EQ(values.at("owner"), "analytics");
    EXPECT_EQ(values.at("archive"), "y");
    EXPECT_EQ(values.at("archiverrows"), "30");
    EXPECT_FALSE(values.contains("archiverfuture"));
    EXPECT_EQ(without_mark(values), (azure::metadata{{"archive", "y"}, {"owner", "analytics"}}));
}

TEST(mark, is_absent_from_a_file_of_another_program) {
    for (const azure::metadata& values : {azure::metadata{}, {{"owner", "analytics"}}, {{"archive", "1"}}}) {
        const auto read = mark_from(values);
        EXPECT_FALSE(read.mark);
        EXPECT_EQ(read.mistake, "");
    }
}

TEST(mark, keeps_to_what_the_service_allows_in_metadata) {
    auto mark = pending_mark();
    mark.table = table_in_mark("Käse", "a\nb");
    for (const auto& [name, value] : metadata_with(mark, {})) {
        EXPECT_TRUE(std::ranges::all_of(name, [](char c) { return c >= 'a' && c <= 'z'; })) << name;
        EXPECT_TRUE(std::ranges::all_of(value, [](char c) { return c > ' ' && c <= '~'; })) << value;
    }
}

TEST(table_in_mark, encodes_what_is_not_plain_ascii_so_that_no_two_tables_are_one) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"public.\"Event\"", "public.\"Event\""},
        {"public.\"My Event\"", "public.\"My%20Event\""},
        {"\"Käse\"", "\"K%c3%a4se\""},
        {"a%20b", "a%2520b"},
        {"tab\tline\n", "tab%09line%0a"},
        {"\x7f\xff", "%7f%ff"},
        {"", ""},
    };
    for (const auto& [name, encoded] : cases)
        EXPECT_EQ(table_in_mark(name), encoded);
}

TEST(table_in_mark, separates_schema_and_table_by_the_only_dot) {
    EXPECT_EQ(table_in_mark("public", "Event"), "public.Event");
    EXPECT_EQ(table_in_mark("a.b", "c"), "a%2eb.c");
    EXPECT_EQ(table_in_mark("a", "b.c"), "a.b%2ec");
    EXPECT_EQ(table_in_mark("5%", "Käse \"x\""), "5%25.K%c3%a4se%20\"x\"");
}

TEST(mark, keeps_the_checksum_of_the_ids_of_blocks_where_there_is_one) {
    const std::vector<std::string> ids{"AAAA", "AAAB"};
    const std::vector<std::string> turned{"AAAB", "AAAA"};
    EXPECT_NE(crc_of_ids(ids), crc_of_ids(turned));
    auto mark = rig::pending_mark();
    mark.now.ids = crc_of_ids(ids);
    mark.base->ids = crc_of_ids(turned);
    EXPECT_EQ(mark_from(metadata_with(mark, {})).mark, mark);
    mark.now.ids = 0; // as older versions wrote it
    EXPECT_EQ(metadata_with(mark, {}).at("archiverlast").find("ids="), std::string::npos);
    EXPECT_EQ(mark_from(metadata_with(mark, {})).mark, mark);
}

TEST(mark, keeps_the_time_that_its_rows_are_older_than) {
    auto mark = rig::pending_mark();
    mark.now.before = "2025-11-20 02:00:00.123";
    mark.base->before = "2025-11-19 02:00:00";
    const auto written = metadata_with(mark, {});
    EXPECT_NE(written.at("archiverlast").find(",before=2025-11-20T02:00:00.123"), std::string::npos);
    EXPECT_EQ(mark_from(written).mark, mark);
    EXPECT_EQ(taken_back(mark).now.before, "2025-11-19 02:00:00");
    EXPECT_EQ(settled(mark).now.before, mark.now.before);
}

TEST(mark, whose_time_is_malformed_is_not_read) {
    const auto good = metadata_with(rig::pending_mark(), {});
    for (const std::string value : {"", "2025-11-20", "2025-11-20 02:00:00", "2025-11-20T24:00:00",
                                    "2025-02-30T00:00:00", "2025-11-20T02:00:00.", "2025-11-20T02:00:00.1x",
                                    "2025-11-20T02:00:00.1234567", "2025-11-20T02:00:00' OR true --"}) {
        auto changed = good;
        changed.at("archiverlast") += ",before=" + value;
        EXPECT_NE(mark_from(changed).mistake, "") << value;
    }
}

} // namespace
} // namespace lake
