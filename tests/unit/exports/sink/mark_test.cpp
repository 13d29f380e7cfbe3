#include "exports/sink/mark.hpp"

#include <gtest/gtest.h>

namespace exports {
namespace {

file_mark some_mark() {
    file_mark mark;
    mark.task = "agency";
    mark.author = {"0190-run", "742", {"7301234567890", "16384", 3, 0x1'0000'0000, 1'700'000'000'000'000}};
    mark.rows = 12;
    mark.bytes = 345;
    mark.csv_bytes = 6'789;
    mark.crc = 0xfedcba9876543210;
    mark.evidence = "1;log;'id;'id;UTC;00,'1";
    return mark;
}

TEST(export_mark, comes_back_from_its_text) {
    const auto mark = some_mark();
    const auto read = mark_from(text_of(mark));
    ASSERT_TRUE(std::holds_alternative<file_mark>(read)) << std::get<std::string>(read);
    EXPECT_EQ(std::get<file_mark>(read), mark);
}

TEST(export_mark, comes_back_from_the_lake) {
    auto mark = some_mark();
    mark.evidence.clear(); // it has metadata of its own
    const auto stored = for_lake(mark);
    EXPECT_TRUE(stored.pending);
    const auto read = lake::mark_from(lake::metadata_with(stored, {}));
    ASSERT_TRUE(read.mark) << read.mistake;
    EXPECT_EQ(from_lake(*read.mark), mark);
}

// A file system that lost its end, or somebody with an editor.
TEST(export_mark, that_is_damaged_in_any_way_is_refused) {
    const auto text = text_of(some_mark());
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_TRUE(std::holds_alternative<std::string>(mark_from(text.substr(0, size)))) << size;
    const auto with = [&text](std::string_view from, std::string_view to) {
        auto changed = text;
        return changed.replace(changed.find(from), from.size(), to);
    };
    for (const auto& changed :
         {with("format=1", "format=2"), with("rows=12", "rows=-1"), with("xid=742", "xid=0x1"),
          with("timeline=3", "timeline=99999999999"), with("task=agency", "task="),
          with("started=1700000000000000", "started="), text + "rows=1\n", text + "\n"})
        EXPECT_TRUE(std::holds_alternative<std::string>(mark_from(changed))) << changed;
}

} // namespace
} // namespace exports
