#include "azure/blob/crc64.hpp"
#include "azure/blob/impl/crc64_kernels.hpp"
#include "tests/unit/azure/blob/bytes.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

namespace azure {
namespace {

using rig::bytes;

std::vector<std::byte> random_bytes(std::size_t size, std::mt19937& random) {
    std::vector<std::byte> made(size);
    for (auto& byte : made)
        byte = static_cast<std::byte>(random() & 0xff);
    return made;
}

TEST(crc64, has_the_values_the_service_computes) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    struct row {
        std::string text;
        std::uint64_t crc;
        const char* header;
    };
    const row rows[] = {
        {"", 0, "AAAAAAAAAAA="},
        {"123456789", 0xae8b14860a799888, "iJh5CoYUi64="},
        {"Hello Azure!", 0xc7a37fbfa4d9d80e, "DtjZpL9/o8c="},
        {"hello world\n", 0x0f780e8481d2a21f, "H6LSgYQOeA8="},
        {std::string(32, '\0'), 0xcf3473434d4ecf3b, "O89OTUNzNM8="},
        {all, 0xff71e21279d9966e, "bpbZeRLicf8="},
        {std::string(1000, 'a'), 0xeab3232b2997f5e5, "5fWXKSsjs+o="},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(crc64(0, bytes(row.text)), row.crc) << row.text;
        EXPECT_EQ(crc64_header(crc64(0, bytes(row.text))), row.header) << row.text;
    }
}

TEST(crc64, is_the_same_with_and_without_carryless_multiplication) {
    if (!crc64_kernels::has_carryless_multiply())
        GTEST_SKIP() << "this processor has none";
    std::mt19937 random(1);
    const auto memory = random_bytes(5000, random);
    for (std::size_t size = 0; size < 700; ++size) {
        const auto offset = random() % 64;
        const std::uint64_t state = (std::uint64_t{random()} << 32) | random();
        const auto part = std::span(memory).subspan(offset, size);
        ASSERT_EQ(crc64_kernels::carryless(state, part), crc64_kernels::portable(state, part)) << size;
    }
    for (int i = 0; i < 300; ++i) {
        const auto offset = random() % 64;
        const auto part = std::span(memory).subspan(offset, random() % (memory.size() - offset));
        ASSERT_EQ(crc64_kernels::carryless(~0ULL, part), crc64_kernels::portable(~0ULL, part)) << part.size();
    }
}

TEST(crc64, continues_and_combines) {
    std::mt19937 random(2);
    const auto memory = random_bytes(10'000, random);
    for (const std::size_t cut : {0U, 1U, 7U, 16U, 255U, 4096U, 9999U, 10'000U}) {
        const auto first = std::span(memory).first(cut);
        const auto second = std::span(memory).subspan(cut);
        const auto whole = crc64(0, memory);
        EXPECT_EQ(crc64(crc64(0, first), second), whole) << cut;
        EXPECT_EQ(crc64_combine(crc64(0, first), crc64(0, second), second.size()), whole) << cut;
    }
}

TEST(crc64, is_known_of_what_stands_in_front) {
    std::mt19937 random(2);
    const auto memory = random_bytes(5000, random);
    for (const std::size_t first : {0, 1, 7, 64, 1000})
        for (const std::size_t second : {0, 1, 8, 333, 4000}) {
            const auto all = std::span(memory).first(first + second);
            const auto front = crc64(0, all.first(first));
            EXPECT_EQ(crc64_in_front(crc64(0, all), crc64(0, all.last(second)), second), front);
        }
}

} // namespace
} // namespace azure
