#include "db/impl/gathering.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string_view>

namespace {

using db::worth_gathering;

constexpr std::uint64_t mebibyte = 1024 * 1024;

struct gathering_case {
    std::string_view name;
    db::copy_progress progress;
    bool expected;
};

void PrintTo(const gathering_case& each, std::ostream* out) { *out << each.name; }

class gathering : public testing::TestWithParam<gathering_case> {};

TEST_P(gathering, is_worth_it_while_much_is_to_come) {
    EXPECT_EQ(worth_gathering(GetParam().progress), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    _, gathering,
    testing::Values(gathering_case{"nothing_has_come", {0, 0, std::nullopt}, false},
                    gathering_case{"little_has_come_of_unknown", {2000, mebibyte - 1, std::nullopt}, false},
                    gathering_case{"much_has_come_of_unknown", {2000, mebibyte, std::nullopt}, true},
                    gathering_case{"the_size_of_a_row_is_unknown", {0, 0, 1'000'000}, false},
                    gathering_case{"many_rows_are_left", {1, 500, 1'000'000}, true},
                    gathering_case{"two_pieces_are_left", {1000, 500'000, 1000 + 524}, false},
                    gathering_case{"more_than_two_pieces_are_left", {1000, 500'000, 1000 + 525}, true},
                    gathering_case{"large_rows_are_left", {1, 100 * mebibyte, 2}, true},
                    gathering_case{"all_have_come", {1000, 500'000, 1000}, false},
                    gathering_case{"more_have_come_than_expected", {1001, 500'500, 1000}, false},
                    gathering_case{"rows_without_bytes", {1000, 0, 1'000'000}, false}),
    [](const auto& each) { return std::string(each.param.name); });

} // namespace
