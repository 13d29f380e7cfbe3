#include "async/error.hpp"
#include "db/position.hpp"

#include <gtest/gtest.h>

namespace db {
namespace {

TEST(parse_lsn, reads_a_log_position_as_bytes) {
    const std::pair<std::string_view, std::uint64_t> cases[] = {
        {"0/0", 0},
        {"0/16B3748", 0x16b3748},
        {"1/0", 0x1'0000'0000},
        {"16/B374D848", 0x16'b374'd848},
        {"16/b374d848", 0x16'b374'd848},
        {"FFFFFFFF/FFFFFFFF", 0xffff'ffff'ffff'ffff},
    };
    for (const auto& [text, bytes] : cases)
        EXPECT_EQ(parse_lsn(text), bytes) << text;
}

TEST(parse_lsn, refuses_anything_else) {
    for (const auto* const text : {"", "/", "0", "0/", "/0", "0/16B3748x", "x/0", "0x1/0", "1/2/3", " 0/0",
                                   "0/0 ", "-1/0", "100000000/0", "0/100000000"}) {
        SCOPED_TRACE(text);
        try {
            ADD_FAILURE() << "was read as " << parse_lsn(text);
        } catch (const async::error& refused) {
            EXPECT_EQ(refused.kind(), async::failure::internal);
            EXPECT_EQ(refused.message(), "'" + std::string(text) + "' is not a log position");
        }
    }
}

} // namespace
} // namespace db
