#include "lake/folder/side_copy.hpp"
#include "lake/mark/mark.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

namespace lake {
namespace {

file_key key_of(const char* name) { return key_of_file(name).value(); }

TEST(side_copy_name, is_that_of_no_day_and_leads_back) {
    for (const auto* const name : {"events_2024-02-29.csv", "events_2024-02-29.csv.gz"}) {
        const auto copy = side_copy_name(key_of(name));
        EXPECT_EQ(copy, "event-archiver-copy-of-" + std::string(name) + ".part");
        EXPECT_EQ(key_of_file(copy), std::nullopt);
        EXPECT_EQ(key_of_side_copy(copy), key_of(name));
    }
    for (const auto* const name :
         {"", "events_2024-02-29.csv", "event-archiver-copy-of-.part",
          "event-archiver-copy-of-events.csv.part", "event-archiver-copy-of-events_2024-02-29.csv",
          "event-archiver-copy-of-", ".part"})
        EXPECT_EQ(key_of_side_copy(name), std::nullopt) << name;
}

TEST(side_copy_mark, is_read_as_it_was_written_and_keeps_what_others_said) {
    const side_copy_mark mark{"\"0x8DE04B2\"", 12'345, 0x00ff, "0193-run"};
    const azure::metadata others{{"owner", "somebody"}, {"archiverrows", "7"}};
    const auto values = metadata_with(mark, others);
    EXPECT_EQ(side_copy_mark_from(values), mark);
    EXPECT_EQ(without_mark(values), (azure::metadata{{"owner", "somebody"}}));
    EXPECT_EQ(without_copy_mark(values), others);
    for (const auto& [name, value] : values) {
        if (!name.starts_with("archivercopy") || name == "archivercopyrun")
            continue;
        auto damaged = values;
        damaged.erase(name);
        EXPECT_EQ(side_copy_mark_from(damaged), std::nullopt) << name;
    }
    EXPECT_EQ(side_copy_mark_from(others), std::nullopt);
}

TEST(decide_copy, follows_its_table) {
    const struct {
        const char* context;
        original_state original;
        copy_decision expected;
    } rows[] = {
        {"the original is gone: the copy is all there is", original_state::absent, copy_decision::rebuild},
        {"a removal may be on the wire, so the copy must not go", original_state::as_copied,
         copy_decision::remove_original},
        {"built again already, or its owner added to it", original_state::begins_alike,
         copy_decision::remove_copy},
        {"another program created it again", original_state::otherwise, copy_decision::refuse},
        {"only its bytes can tell", original_state::not_looked, copy_decision::look_at_bytes},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.context);
        EXPECT_EQ(decide_copy(row.original), row.expected);
    }
}

} // namespace
} // namespace lake
