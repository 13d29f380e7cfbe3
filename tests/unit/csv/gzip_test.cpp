#include "csv/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace csv {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

gzip_compressor::byte_sink into(std::string& target) {
    return [&target](std::span<const std::byte> bytes) {
        target.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
}

std::string member_of(gzip_compressor& compressor, const std::vector<std::string>& parts) {
    std::string result;
    gzip_member member;
    for (const auto& part : parts) {
        compressor.begin_part(member, into(result));
        // In two writes, as pages come.
        compressor.write(member, bytes_of(std::string_view(part).substr(0, part.size() / 2)), into(result));
        compressor.write(member, bytes_of(std::string_view(part).substr(part.size() / 2)), into(result));
        compressor.end_part(into(result));
    }
    gzip_compressor::end_member(member, into(result));
    return result;
}

// What zlib, somebody else's code, makes of it: all members.
std::string zlib_says(const std::string& compressed) {
    std::string plain;
    z_stream stream{};
    std::string input = compressed;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    while (stream.avail_in > 0) {
        EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
        int status = Z_OK;
        while (status == Z_OK) {
            std::array<Bytef, 4096> output;
            stream.next_out = output.data();
            stream.avail_out = output.size();
            status = inflate(&stream, Z_NO_FLUSH);
            plain.append(reinterpret_cast<char*>(output.data()), output.size() - stream.avail_out);
        }
        EXPECT_EQ(status, Z_STREAM_END) << (stream.msg == nullptr ? "" : stream.msg);
        inflateEnd(&stream);
        if (status != Z_STREAM_END)
            break;
    }
    return plain;
}

// Fed in pieces of `step` bytes.
std::string expanded(const std::string& compressed, std::size_t step) {
    gzip_expander expander;
    std::string plain;
    for (std::size_t from = 0; from < compressed.size(); from += step) {
        expander.feed(bytes_of(std::string_view(compressed).substr(from, step)));
        for (auto piece = expander.next(); !piece.empty(); piece = expander.next())
            plain.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    }
    expander.finish();
    return plain;
}

std::string json_rows(std::size_t rows) {
    std::mt19937 random(7);
    std::string text;
    for (std::size_t row = 0; row < rows; ++row)
        text += std::to_string(row) + R"(,"{""device"": ""sensor-)" + std::to_string(random() % 100) +
                R"("", ""value"": )" + std::to_string(random()) + "}\"\n";
    return text;
}

std::string noise(std::size_t size) {
    std::mt19937 random(11);
    std::string text(size, '\0');
    for (auto& byte : text)
        byte = static_cast<char>(random());
    return text;
}

TEST(gzip, of_any_parts_is_what_zlib_and_we_read_as_one_stream) {
    const std::vector<std::vector<std::string>> cases{
        {},
        {""},
        {"a\n"},
        {"a\n", "", "b\n"},
        {json_rows(20'000)},
        {json_rows(3'000), json_rows(10), json_rows(5'000)},
        {noise(300'000), json_rows(100)},
        {std::string(1'000'000, 'x')},
    };
    gzip_compressor compressor;
    for (const auto& parts : cases) {
        std::string whole;
        for (const auto& part : parts)
            whole += part;
        SCOPED_TRACE(whole.size());
        const auto compressed = member_of(compressor, parts);
        EXPECT_EQ(zlib_says(compressed), whole);
        EXPECT_EQ(expanded(compressed, 65'536), whole);
        EXPECT_EQ(expanded(compressed, 4'093), whole);
    }
}

TEST(gzip, member_grows_while_the_compressor_serves_others) {
    gzip_compressor compressor;
    std::array<gzip_member, 2> members;
    std::array<std::string, 2> files;
    for (int round = 0; round < 3; ++round)
        for (std::size_t which = 0; which < 2; ++which) {
            compressor.begin_part(members[which], into(files[which]));
            compressor.write(members[which], bytes_of(which == 0 ? "first\n" : "second\n"),
                             into(files[which]));
            compressor.end_part(into(files[which]));
        }
    for (std::size_t which = 0; which < 2; ++which)
        gzip_compressor::end_member(members[which], into(files[which]));
    EXPECT_EQ(zlib_says(files[0]), "first\nfirst\nfirst\n");
    EXPECT_EQ(zlib_says(files[1]), "second\nsecond\nsecond\n");
}

TEST(gzip, of_many_members_is_read_wherever_it_is_cut) {
    gzip_compressor compressor;
    const auto compressed = member_of(compressor, {"id\n1\n"}) + member_of(compressor, {}) +
                            member_of(compressor, {json_rows(40)}) + member_of(compressor, {"2\n", "3\n"});
    const auto whole = "id\n1\n" + json_rows(40) + "2\n3\n";
    for (std::size_t step = 1; step <= compressed.size(); ++step) {
        SCOPED_TRACE(step);
        ASSERT_EQ(expanded(compressed, step), whole);
    }
}

TEST(gzip, makes_rows_of_json_much_smaller) {
    gzip_compressor compressor;
    const auto rows = json_rows(50'000);
    EXPECT_LT(member_of(compressor, {rows}).size() * 3, rows.size());
}

TEST(gzip, that_ends_early_is_refused) {
    gzip_compressor compressor;
    const auto compressed = member_of(compressor, {json_rows(40)});
    for (std::size_t size = 1; size < compressed.size(); ++size)
        EXPECT_THROW((void)expanded(compressed.substr(0, size), 100), std::invalid_argument) << size;
    EXPECT_EQ(expanded("", 1), "");
}

TEST(gzip, that_was_changed_is_refused_unless_its_content_is_the_same) {
    gzip_compressor compressor;
    const auto compressed = member_of(compressor, {json_rows(40)});
    std::size_t refused = 0;
    // Bytes 4 to 9 of the header carry a time, hints and a system, which nobody checks.
    for (std::size_t at = 10; at < compressed.size(); ++at) {
        auto changed = compressed;
        changed[at] = static_cast<char>(changed[at] ^ 0x10);
        try {
            // A few bits only fill a byte up.
            EXPECT_EQ(expanded(changed, 1'000), expanded(compressed, 1'000)) << at;
        } catch (const std::invalid_argument&) {
            ++refused;
        }
    }
    EXPECT_GE(refused, compressed.size() - 10 - 2);
    EXPECT_THROW((void)expanded("id,event_id\n1,2\n", 100), std::invalid_argument);
    EXPECT_THROW((void)expanded(compressed + "id\n", 10'000), std::invalid_argument);
}

} // namespace
} // namespace csv
