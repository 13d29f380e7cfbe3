#include "async/error.hpp"
#include "db/position.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

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

server_position at(std::string cluster, std::string database, std::uint32_t timeline, std::uint64_t lsn) {
    return {std::move(cluster), std::move(database), timeline, lsn, 0};
}

TEST(compare_histories, follows_its_table) {
    const auto then = at("7000", "16384", 2, 500);
    const struct {
        const char* context;
        server_position now;
        history expected;
    } rows[] = {
        {"the very moment", then, history::same},
        {"later, on the same timeline", at("7000", "16384", 2, 501), history::same},
        {"it has not come that far: a copy, or put back", at("7000", "16384", 2, 499), history::behind},
        {"the file was written after a promotion that this server has not seen", at("7000", "16384", 1, 500),
         history::behind},
        {"the same, and its log is longer", at("7000", "16384", 1, 900), history::behind},
        {"it was promoted since", at("7000", "16384", 3, 900), history::branched},
        {"it was put back to before, and promoted", at("7000", "16384", 3, 100), history::branched},
        {"another cluster", at("7001", "16384", 2, 501), history::foreign},
        {"another database of the cluster", at("7000", "16385", 2, 501), history::foreign},
        {"another cluster that has come less far", at("7001", "16384", 1, 1), history::foreign},
        {"its identity is hidden", at("", "16384", 2, 501), history::foreign},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.context);
        EXPECT_EQ(compare_histories(then, row.now), row.expected);
    }
}

TEST(compare_histories, takes_a_hidden_server_for_no_other) {
    const auto hidden = at("", "16384", 2, 500);
    EXPECT_EQ(compare_histories(hidden, hidden), history::foreign);
    EXPECT_EQ(compare_histories(hidden, at("7000", "16384", 2, 500)), history::foreign);
}

TEST(same_server, needs_a_time_that_is_known) {
    auto then = at("7000", "16384", 2, 500);
    auto now = then;
    EXPECT_FALSE(same_server(then, now));
    then.started = now.started = 1'700'000'000'000'000;
    EXPECT_TRUE(same_server(then, now));
    now.started += 1;
    EXPECT_FALSE(same_server(then, now));
    now.started = 0;
    EXPECT_FALSE(same_server(then, now));
}

TEST(same_server, is_of_one_database_of_one_cluster) {
    auto then = at("7000", "16384", 2, 500);
    then.started = 1'700'000'000'000'000;
    for (auto now : {at("7001", "16384", 2, 500), at("7000", "16385", 2, 500)}) {
        now.started = then.started;
        EXPECT_FALSE(same_server(then, now));
    }
}

} // namespace
} // namespace db
