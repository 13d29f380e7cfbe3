#include "exports/sink/hidden_name.hpp"
#include "exports/task/file_name.hpp"

#include <gtest/gtest.h>

namespace exports {
namespace {

TEST(file_name, is_the_one_that_users_know) {
    const auto first = file_name::at("agency", *lake::day::from_text("2025-01-01"));
    EXPECT_EQ(first.text(), "agency-2025_01_01-12_00_00_AM.csv.gz");
    EXPECT_EQ(first.next().text(), "agency-2025_01_01-12_00_00_AM.2.csv.gz");
    EXPECT_EQ(first.next().next().text(), "agency-2025_01_01-12_00_00_AM.3.csv.gz");
}

TEST(file_name, comes_back_from_its_text) {
    for (const auto* const task :
         {"agency", "source_run_page", "a-b-c", "x.y", "a-2025_01_01-12_00_00_AM", "0"}) {
        const auto name = file_name::at(task, *lake::day::from_text("2024-02-29"));
        EXPECT_EQ(file_name::from_text(name.text()), name) << task;
        EXPECT_EQ(file_name::from_text(name.next().text()), name.next()) << task;
    }
    // Of an earlier service, which wrote the time of the run.
    const auto timed = file_name::from_text("agency-2025_01_01-03_15_09_PM.csv.gz");
    ASSERT_TRUE(timed);
    EXPECT_EQ(timed->stamp, "2025_01_01-03_15_09_PM");
}

TEST(file_name, is_empty_for_names_of_other_programs) {
    for (const auto* const text : {"",
                                   "agency",
                                   "agency.csv.gz",
                                   "-2025_01_01-12_00_00_AM.csv.gz",
                                   ".a-2025_01_01-12_00_00_AM.csv.gz",
                                   "agency-2025_01_01-12_00_00_AM.csv",
                                   "agency-2025_02_30-12_00_00_AM.csv.gz",
                                   "agency-2025_01_01-13_00_00_AM.csv.gz",
                                   "agency-2025_01_01-00_00_00_AM.csv.gz",
                                   "agency-2025_01_01-12_60_00_AM.csv.gz",
                                   "agency-2025_01_01-12_00_00_XM.csv.gz",
                                   "agency-2025_01_01-12_00_00_AM.1.csv.gz",
                                   "agency-2025_01_01-12_00_00_AM.02.csv.gz",
                                   "agency-2025_01_01-12_00_00_AM.+2.csv.gz",
                                   "agency-2025_01_01-12_00_00_AM..csv.gz",
                                   "agency-2025_01_01-12_00_00_AM2.csv.gz",
                                   "agency-2025_01_01-12_00_00_AM.99999999999.csv.gz",
                                   "a/b-2025_01_01-12_00_00_AM.csv.gz",
                                   "../a-2025_01_01-12_00_00_AM.csv.gz",
                                   "-",
                                   "--.csv.gz"})
        EXPECT_FALSE(file_name::from_text(text)) << text;
}

TEST(hidden_name, comes_back_from_each_of_its_texts) {
    const hidden_name hidden{file_name::at("a.b", *lake::day::from_text("2025-01-01")).next(),
                             "0123456789abcdef"};
    EXPECT_EQ(hidden.part(), ".a.b-2025_01_01-12_00_00_AM.2.csv.gz.0123456789abcdef.part");
    for (const auto& text : {hidden.part(), hidden.pending(), hidden.pending() + ".part"}) {
        const auto read = hidden_name::from_text(text);
        ASSERT_TRUE(read) << text;
        EXPECT_EQ(read->name, hidden.name);
        EXPECT_EQ(read->nonce, hidden.nonce);
    }
    for (const auto* const text :
         {"", ".part", ".pending", "a-2025_01_01-12_00_00_AM.csv.gz.0123456789abcdef.part",
          ".a-2025_01_01-12_00_00_AM.csv.gz.0123456789abcdeg.part", ".a-2025_01_01-12_00_00_AM.csv.gz.part",
          ".swp"})
        EXPECT_FALSE(hidden_name::from_text(text)) << text;
}

} // namespace
} // namespace exports
