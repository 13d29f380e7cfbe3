#include "archive/look/archived_times.hpp"
#include "async/error.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <optional>
#include <utility>

namespace archive {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "": its mark does not say; nothing: it has no mark.
void add(lake::file_map& to, const std::string& name, std::optional<std::string> before) {
    lake::listed_file file;
    file.properties.name = "folder/" + name;
    if (before) {
        lake::file_mark mark;
        mark.now = lake::rig::record_before();
        mark.now.before = *before;
        file.properties.size = mark.now.bytes;
        file.mark.mark = mark;
    }
    to.emplace(lake::key_of_file(name).value(), std::move(file));
}

TEST(archived_times, a_day_ends_with_it_or_where_its_mark_says) {
    lake::file_map files;
    add(files, "events_2024-02-28.csv", "2025-03-01 02:00:00.5");
    add(files, "events_2024-02-29.csv.gz", "2024-02-29 02:00:17.123");
    EXPECT_THAT(archived_times(files),
                ElementsAre(time_range{"2024-02-28 00:00:00", "2024-02-29 02:00:17.123"}));
    // The other file of the same day was written later.
    add(files, "events_2024-02-29.csv", "2024-02-29 03:00:00");
    EXPECT_THAT(archived_times(files), ElementsAre(time_range{"2024-02-28 00:00:00", "2024-02-29 03:00:00"}));
}

TEST(archived_times, a_day_without_a_file_is_not_archived) {
    lake::file_map files;
    add(files, "events_2024-02-27.csv", "2025-03-01 02:00:00");
    add(files, "events_2024-02-29.csv", "2025-03-01 02:00:00");
    EXPECT_THAT(archived_times(files), ElementsAre(time_range{"2024-02-27 00:00:00", "2024-02-28 00:00:00"},
                                                   time_range{"2024-02-29 00:00:00", "2024-03-01 00:00:00"}));
}

TEST(archived_times, what_is_not_known_counts_as_a_whole_day) {
    lake::file_map files;
    add(files, "events_2024-02-27.csv", "");
    add(files, "events_2024-02-28.csv", std::nullopt);
    add(files, "events_2024-02-29.csv", "2024-02-29 01:00:00");
    files.begin()->second.properties.size += 1; // others wrote to it
    files.rbegin()->second.properties.size += 1;
    EXPECT_THAT(archived_times(files), ElementsAre(time_range{"2024-02-27 00:00:00", "2024-03-01 00:00:00"}));
}

TEST(archived_times, an_empty_file_counts_for_nothing) {
    lake::file_map files;
    add(files, "events_2024-02-29.csv", "2025-03-01 02:00:00");
    files.begin()->second.mark.mark->now.rows = 0;
    EXPECT_THAT(archived_times(files), IsEmpty());
}

TEST(archived_times, rows_that_are_not_settled_are_refused) {
    lake::file_map files;
    add(files, "events_2024-02-29.csv", "2025-03-01 02:00:00");
    files.begin()->second.mark.mark->pending = true;
    EXPECT_THROW(static_cast<void>(archived_times(files)), async::error);
}

} // namespace
} // namespace archive
