// A publishing write whose answer was unclear, and COMMIT.

#include "lake/write/write_decision.hpp"

#include <gtest/gtest.h>

namespace lake {
namespace {

TEST(decide_write, follows_its_table_for_every_answer_and_every_state) {
    using enum write_answer;
    using enum blob_state;
    const struct {
        const char* context;
        write_answer answer;
        blob_state seen;
        write_decision expected;
    } rows[] = {
        {"the answer was lost, the write was not", no_answer, as_written, write_decision::done},
        {"an earlier try took effect, and moved the ETag", condition_failed, as_written,
         write_decision::done},
        {"an earlier try took effect, and used the blocks up", blocks_missing, as_written,
         write_decision::done},
        {"the request was lost, or is late: its condition makes another safe", no_answer, as_before,
         write_decision::again},
        {"it changed and changed back", condition_failed, as_before, write_decision::conflict},
        {"our blocks are gone and cannot be staged again here", blocks_missing, as_before,
         write_decision::conflict},
        {"somebody else wrote; our request may or may not have come first", no_answer, otherwise,
         write_decision::conflict},
        {"somebody else wrote", condition_failed, otherwise, write_decision::conflict},
        {"somebody else wrote, which discards staged blocks", blocks_missing, otherwise,
         write_decision::conflict},
    };
    static_assert(std::size(rows) == 3 * 3);
    for (const auto& row : rows) {
        SCOPED_TRACE(row.context);
        EXPECT_EQ(decide_write(row.answer, row.seen), row.expected);
    }
}

} // namespace
} // namespace lake
