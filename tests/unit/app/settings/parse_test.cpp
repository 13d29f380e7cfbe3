#include "app/settings/parse.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

namespace app {
namespace {

using namespace std::chrono_literals;

constexpr auto largest = std::numeric_limits<std::uint64_t>::max();

// The value, or nothing; a refusal must have words.
template <typename T>
std::optional<T> value_of(const parsed<T>& result) {
    if (const auto* mistake = std::get_if<1>(&result)) {
        EXPECT_TRUE(mistake->starts_with("give ")) << *mistake;
        return std::nullopt;
    }
    return std::get<0>(result);
}

TEST(parse_boolean, understands_a_few_words_in_any_case) {
    const std::pair<std::string_view, std::optional<bool>> cases[] = {
        {"true", true},   {"TRUE", true},   {"1", true},  {"yes", true}, {"Yes", true},
        {"false", false}, {"False", false}, {"0", false}, {"no", false}, {"NO", false},
        {"", {}},         {"on", {}},       {"off", {}},  {"y", {}},     {"t", {}},
        {"2", {}},        {"true ", {}},    {"-1", {}},   {"ja", {}},    {"null", {}},
    };
    for (const auto& [text, value] : cases)
        EXPECT_EQ(value_of(parse_boolean(text)), value) << text;
}

TEST(parse_count, reads_whole_numbers_within_bounds) {
    const std::pair<std::string_view, std::optional<std::uint64_t>> cases[] = {
        {"1", 1},    {"256", 256}, {"007", 7},  {"0", {}},
        {"257", {}}, {"", {}},     {"-1", {}},  {"+1", {}},
        {" 1", {}},  {"1 ", {}},   {"1.0", {}}, {"1e2", {}},
        {"x", {}},   {"0x10", {}}, {"4,", {}},  {"99999999999999999999", {}},
    };
    for (const auto& [text, value] : cases)
        EXPECT_EQ(value_of(parse_count(text, 1, 256)), value) << text;
}

TEST(parse_count, names_its_bounds) {
    EXPECT_EQ(std::get<1>(parse_count("0", 1, 256)), "give a whole number from 1 to 256");
    EXPECT_EQ(std::get<1>(parse_count("0", 1, largest)), "give a whole number of at least 1");
    EXPECT_EQ(std::get<0>(parse_count("18446744073709551615", 0, largest)), largest);
}

TEST(parse_size, reads_a_number_and_a_unit) {
    constexpr std::uint64_t k = 1024;
    const std::pair<std::string_view, std::optional<std::uint64_t>> cases[] = {
        {"1048576", k * k},
        {"0", 0},
        {"12B", 12},
        {"64k", 64 * k},
        {"64K", 64 * k},
        {"64Ki", 64 * k},
        {"64KiB", 64 * k},
        {"64kb", 64'000},
        {"32MiB", 32 * k * k},
        {"32mib", 32 * k * k},
        {"32M", 32 * k * k},
        {"10MB", 10'000'000},
        {"2G", 2 * k * k * k},
        {"2GB", 2'000'000'000},
        {"1TiB", k * k * k * k},
        {"32 MiB", 32 * k * k},
        {"16777215TiB", 16'777'215 * k * k * k * k},
        {"16777216TiB", {}},
        {"18446744073709551615", largest},
        {"18446744073709551616", {}},
        {"", {}},
        {"MiB", {}},
        {"-1", {}},
        {"+1", {}},
        {"1.5GiB", {}},
        {"1e6", {}},
        {"1PiB", {}},
        {"1 k b", {}},
        {"1k ", {}},
        {" 1k", {}},
        {"1s", {}},
    };
    for (const auto& [text, value] : cases)
        EXPECT_EQ(value_of(parse_size(text)), value) << text;
}

TEST(parse_time, wants_a_unit_and_at_most_a_week) {
    const std::pair<std::string_view, std::optional<std::chrono::milliseconds>> cases[] = {
        {"500ms", 500ms}, {"60s", 60s},   {"60S", 60s},
        {"2m", 2min},     {"1h", 1h},     {"0s", 0s},
        {"1 h", 1h},      {"168h", 168h}, {"169h", {}},
        {"60", {}},       {"", {}},       {"s", {}},
        {"-1s", {}},      {"1.5s", {}},   {"1d", {}},
        {"1 hour", {}},   {"1us", {}},    {"9999999999999999999h", {}},
    };
    for (const auto& [text, value] : cases)
        EXPECT_EQ(value_of(parse_time(text)), value) << text;
}

TEST(parse_shard, takes_its_index_from_the_text_or_from_the_job) {
    using result = std::optional<std::pair<std::uint32_t, std::uint32_t>>;
    const struct {
        std::string_view text;
        std::string_view completion_index;
        result shard;
    } cases[] = {
        {"0/1", "", {{0, 1}}},
        {"3/12", "", {{3, 12}}},
        {"11/12", "5", {{11, 12}}},
        {"/12", "5", {{5, 12}}},
        {"i/12", "5", {{5, 12}}},
        {"I/12", "0", {{0, 12}}},
        {"99999/100000", "", {{99'999, 100'000}}},
        {"/12", "", {}},
        {"/12", "12", {}},
        {"/12", "-1", {}},
        {"/12", "x", {}},
        {"12/12", "", {}},
        {"-1/12", "", {}},
        {"1/0", "", {}},
        {"0/0", "", {}},
        {"0/100001", "", {}},
        {"3", "", {}},
        {"", "3", {}},
        {"/", "3", {}},
        {"3/", "", {}},
        {"1/2/3", "", {}},
        {" 1/2", "", {}},
        {"1 / 2", "", {}},
        {"j/2", "1", {}},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(std::string(row.text) + " with index " + std::string(row.completion_index));
        const auto shard = value_of(parse_shard(row.text, row.completion_index));
        ASSERT_EQ(shard.has_value(), row.shard.has_value());
        if (shard) {
            EXPECT_EQ(std::pair(shard->index, shard->count), *row.shard);
        }
    }
}

} // namespace
} // namespace app
