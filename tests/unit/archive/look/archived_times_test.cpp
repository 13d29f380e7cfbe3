#include "archive/look/archived_times.hpp"
#include "async/error.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <gmock/gmock.h>
#include <optional>
#include <utility>

namespace archive {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "": its mark does not say; nothing: it has no mark. `change`: what else is so of the file.
void add(
    lake::file_map& to, const std::string& name, std::optional<std::string> before,
    const std::function<void(lake::listed_file&)>& change = [](lake::listed_file&) {}) {
    lake::listed_file file;
    file.properties.name = "folder/" + name;
    if (before) {
        lake::file_mark mark;
        mark.now = lake::rig::record_before();
        mark.now.before = *before;
        file.properties.size = mark.now.bytes;
        file.mark.mark = mark;
    }
    change(file);
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
    const auto by_others = [](lake::listed_file& file) { file.properties.size += 1; };
    add(files, "events_2024-02-27.csv", "", by_others);
    add(files, "events_2024-02-28.csv", std::nullopt);
    add(files, "events_2024-02-29.csv", "2024-02-29 01:00:00", by_others);
    EXPECT_THAT(archived_times(files), ElementsAre(time_range{"2024-02-27 00:00:00", "2024-03-01 00:00:00"}));
}

TEST(archived_times, an_empty_file_counts_for_nothing) {
    lake::file_map files;
    const auto empty = [](lake::listed_file& file) { file.mark.mark->now.rows = 0; };
    add(files, "events_2024-02-29.csv", "2025-03-01 02:00:00", empty);
    EXPECT_THAT(archived_times(files), IsEmpty());
}

TEST(archived_times, rows_that_are_not_settled_are_refused) {
    lake::file_map files;
    const auto pending = [](lake::listed_file& file) { file.mark.mark->pending = true; };
    add(files, "events_2024-02-29.csv", "2025-03-01 02:00:00", pending);
    EXPECT_THROW(static_cast<void>(archived_times(files)), async::error);
}

} // namespace
} // namespace archive
