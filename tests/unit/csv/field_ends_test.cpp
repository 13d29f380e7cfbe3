#include "csv/dialect.hpp"
#include "csv/field_ends.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace csv {
namespace {

TEST(find_field_ends, agrees_with_split_row_wherever_the_blocks_are_cut) {
    const std::string rows[] = {
        "",
        ",",
        "a",
        "a,b,c",
        "1,\"x,y\",z\n",
        "\"a \"\"quoted\"\" word\",,\"\"\n",
        "\"two\nlines\",end\n",
        ",,,\n",
    };
    for (const auto& row : rows)
        for (std::size_t padding = 0; padding < 140; ++padding) {
            const auto padded = std::string(padding, 'p') + "," + row;
            SCOPED_TRACE(padded);
            const auto expected = split_row(padded);
            std::array<std::size_t, 8> ends{};
            ASSERT_EQ(find_field_ends(padded, ends), expected.size());
            std::string storage;
            for (std::size_t position = 0; position < expected.size(); ++position)
                EXPECT_EQ(unquoted(raw_field(padded, ends, position), storage), expected[position]);
        }
}

TEST(find_field_ends, counts_beyond_the_room_it_has) {
    std::array<std::size_t, 2> ends{};
    EXPECT_EQ(find_field_ends("a,bb,c,d,e\n", ends), 5U);
    EXPECT_EQ(ends[0], 1U);
    EXPECT_EQ(ends[1], 4U);
    EXPECT_EQ(find_field_ends("a,b\n", {}), 2U);
}

} // namespace
} // namespace csv
