#include "archive/look/inventory.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

lake::listed_file file_of(std::string name, const lake::file_mark* mark = nullptr) {
    lake::listed_file file;
    file.properties.name = std::move(name);
    file.properties.size = 1'000;
    file.properties.last_modified = "Thu, 29 Feb 2024 02:00:17 GMT";
    if (mark != nullptr)
        file.mark.mark = *mark;
    return file;
}

lake::file_mark final_mark() {
    lake::file_mark mark;
    mark.now = lake::rig::record_before(); // 10 rows, 1,000 bytes
    return mark;
}

lake::file_map folder_of(std::initializer_list<const char*> days) {
    const auto mark = final_mark();
    lake::file_map files;
    for (const auto* const text : days) {
        const auto key = lake::key_of_file(text).value();
        files.emplace(key, file_of(std::string("folder/") + text, &mark));
    }
    return files;
}

TEST(describe_file, tells_the_state_from_the_mark) {
    const auto final = final_mark();
    auto pending = final;
    pending.pending = true;
    pending.base = lake::rig::record_before();
    pending.now.rows = 30;
    auto whole = pending;
    whole.base.reset();
    auto grown = final;
    grown.now.bytes = 900;
    const std::string name = "a/events_2024-02-29.csv";

    EXPECT_EQ(describe_file(file_of(name, &final)).state, file_state::final);
    EXPECT_EQ(describe_file(file_of(name, &final)).rows, 10U);
    EXPECT_EQ(describe_file(file_of(name, &pending)).state, file_state::pending);
    EXPECT_EQ(describe_file(file_of(name, &pending)).rows_pending, 20U);
    EXPECT_EQ(describe_file(file_of(name, &whole)).rows_pending, 30U);
    EXPECT_EQ(describe_file(file_of(name, &grown)).state, file_state::foreign);
    EXPECT_EQ(describe_file(file_of(name)).state, file_state::foreign);
    EXPECT_EQ(describe_file(file_of(name)).rows, std::nullopt);

    auto broken = file_of(name);
    broken.mark.mistake = "its metadata cannot be read";
    EXPECT_EQ(describe_file(broken).state, file_state::unreadable);
    EXPECT_EQ(describe_file(broken).note, "its metadata cannot be read");
    auto held = final;
    held.held_until = "2024-12-01T00:00:00Z";
    EXPECT_EQ(describe_file(file_of(name, &held)).state, file_state::held);
    EXPECT_EQ(describe_file(file_of(name, &held), "2024-11-30T23:59:59Z").state, file_state::held);
    EXPECT_EQ(describe_file(file_of(name, &held), "2024-12-01T00:00:00Z").state, file_state::final);
    auto restoring = final;
    restoring.restoring.emplace();
    EXPECT_EQ(describe_file(file_of(name, &restoring)).state, file_state::pending);
    EXPECT_EQ(describe_file(file_of(name, &restoring)).rows_pending, 0U) << "the file keeps them";
    auto appended = file_of(name);
    appended.properties.type = azure::blob_type::append;
    EXPECT_EQ(describe_file(appended).treated, lake::treatment::convert);
    EXPECT_EQ(describe_file(appended).note, "an append blob");
    auto leased = file_of(name, &final);
    leased.properties.lease_state = "leased";
    EXPECT_EQ(describe_file(leased).treated, lake::treatment::refuse);
    EXPECT_EQ(describe_file(leased).state, file_state::final);
    EXPECT_EQ(describe_file(leased).note, "somebody holds a lease on it that does not expire");
    const auto copy = describe_file(file_of("a/event-archiver-copy-of-events_2024-02-29.csv.part"));
    EXPECT_TRUE(copy.interrupted);
    EXPECT_EQ(copy.which.text(), "2024-02-29");
    EXPECT_EQ(copy.state, file_state::foreign);
}

TEST(describe_file, knows_the_bytes_of_csv_in_a_compressed_file) {
    auto mark = final_mark();
    mark.now.uncompressed = 5'000;
    EXPECT_EQ(describe_file(file_of("events_2024-02-29.csv.gz", &mark)).csv_bytes, 5'000U);
    EXPECT_EQ(describe_file(file_of("events_2024-02-29.csv", &mark)).csv_bytes, 1'000U);
}

inventory inventory_of(const lake::file_map& files, const lake::day_range& days = {}) {
    return take_inventory(files, days, "", {}, "folder/");
}

TEST(take_inventory, adds_up_and_marks_the_days_in_between) {
    const auto files =
        folder_of({"events_2023-12-30.csv", "events_2024-01-02.csv", "events_2024-01-02.csv.gz",
                   "events_2024-01-03.csv", "events_2024-01-05.csv"});
    const auto all = inventory_of(files);
    EXPECT_EQ(all.files.size(), 5U);
    EXPECT_EQ(all.days, 4U);
    EXPECT_EQ(all.rows, 50U);
    EXPECT_EQ(all.bytes, 5'000U);
    ASSERT_EQ(all.gaps.size(), 2U);
    EXPECT_EQ(all.gaps[0].first.text(), "2023-12-31");
    EXPECT_EQ(all.gaps[0].last.text(), "2024-01-01");
    EXPECT_EQ(all.gaps[0].days(), 2);
    EXPECT_EQ(all.gaps[1].days(), 1);
}

TEST(take_inventory, leaves_out_the_days_that_were_not_asked_for) {
    const auto files = folder_of({"events_2024-01-01.csv", "events_2024-01-02.csv", "events_2024-01-03.csv"});
    const auto second = lake::day::from_text("2024-01-02");
    EXPECT_EQ(inventory_of(files, {second, std::nullopt}).days, 2U);
    EXPECT_EQ(inventory_of(files, {std::nullopt, second}).days, 2U);
    EXPECT_EQ(inventory_of(files, {second, second}).days, 1U);
    EXPECT_TRUE(inventory_of(lake::file_map()).files.empty());
}

TEST(take_inventory, gives_a_file_that_is_missing_its_folder) {
    lake::ledger_state known;
    known.note(lake::entry_of("folder/events_2024-01-01.csv", final_mark(), {}, "archived"));
    const auto all = take_inventory(lake::file_map(), {}, "", known, "folder/");
    ASSERT_EQ(all.files.size(), 1U);
    EXPECT_EQ(all.files[0].name, "folder/events_2024-01-01.csv");
    EXPECT_EQ(all.files[0].state, file_state::missing);
}

} // namespace
} // namespace archive
