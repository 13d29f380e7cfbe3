#include "events/journal/error.hpp"
#include "events/journal/segments/frame.hpp"

#include <gtest/gtest.h>

namespace events {
namespace {

segment_header some_header() {
    segment_header header;
    header.id = log_id_from("00112233-4455-6677-8899-aabbccddeeff").value();
    header.first = 40;
    header.created = event_time(std::chrono::microseconds(1'767'225'600'000'001));
    return header;
}

std::vector<event> some_events() {
    std::vector<event> made(3);
    made[0] = {"key", {{"a", "1"}, {"", ""}}, R"({"n":1})"};
    made[1] = {"", {}, ""};
    made[2].value = std::string(300, '\0');
    return made;
}

std::string some_frame(std::uint32_t flags = frame_header::begins_group) {
    frame_header header;
    header.first = 40;
    header.time = event_time(std::chrono::microseconds(7));
    header.count = 3;
    header.flags = flags;
    const auto payload = encode_events(some_events());
    std::string bytes;
    append_frame(bytes, frame_prefix(some_header()), header, payload);
    return bytes;
}

// What lies on disks stays readable: a change here needs another magic.
TEST(frame, is_written_in_a_form_that_does_not_change) {
    const auto header = encode(some_header());
    EXPECT_EQ(header.size(), segment_header_bytes);
    EXPECT_TRUE(header.starts_with(std::string_view("EALOG\0\1\0\x00\x11\x22\x33", 12)));
    std::vector<event> one(1);
    one[0] = {"k", {{"h", "v"}}, "{}"};
    EXPECT_EQ(encode_events(one), std::string("\x02k\x01\x01h\x01v\x02{}", 10));
}

TEST(frame, header_of_a_segment_comes_back_and_a_changed_one_does_not) {
    const auto bytes = encode(some_header());
    EXPECT_EQ(decode_segment_header(bytes), some_header());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 4);
        EXPECT_FALSE(decode_segment_header(changed)) << at;
        EXPECT_FALSE(decode_segment_header(bytes.substr(0, at))) << at;
    }
}

TEST(frame, comes_back_as_it_was) {
    const auto size = some_frame().size();
    const auto bytes = some_frame() + "what follows";
    const auto found = decode_frame(bytes, frame_prefix(some_header()));
    ASSERT_EQ(found.state, frame_state::whole);
    EXPECT_EQ(found.header.bytes, size);
    EXPECT_EQ(found.header.end(), 43);
    std::vector<recorded_event> read;
    ASSERT_TRUE(decode_events(found, 41, read));
    ASSERT_EQ(read.size(), 2U);
    EXPECT_EQ(read[0].at, 41);
    EXPECT_EQ(read[1].content, some_events()[2]);
    EXPECT_EQ(read[1].time, event_time(std::chrono::microseconds(7)));
}

TEST(frame, whose_payload_is_not_events_gives_none_of_them) {
    frame found;
    found.header.first = 40;
    found.header.count = 3;
    const auto payload = encode_events(some_events());
    for (const auto& wrong : {payload.substr(0, payload.size() - 1), payload + "x"}) {
        found.payload = wrong;
        std::vector<recorded_event> read(1);
        EXPECT_FALSE(decode_events(found, 40, read));
        EXPECT_EQ(read.size(), 1U);
    }
}

TEST(frame, of_which_any_bit_is_changed_is_bad_and_one_that_ends_early_is_cut_short) {
    const auto bytes = some_frame();
    const auto prefix = frame_prefix(some_header());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const int bit : {1, 128}) {
            auto changed = bytes;
            changed[at] = static_cast<char>(changed[at] ^ bit);
            EXPECT_NE(decode_frame(changed, prefix).state, frame_state::whole) << at;
        }
        EXPECT_EQ(decode_frame(bytes.substr(0, at), prefix).state, frame_state::cut_short) << at;
    }
    EXPECT_EQ(decode_frame(std::string(4'096, '\0'), prefix).state, frame_state::bad);
}

TEST(frame, of_another_segment_is_bad) {
    auto other = some_header();
    other.first = 41;
    EXPECT_EQ(decode_frame(some_frame(), frame_prefix(other)).state, frame_state::bad);
    other = some_header();
    other.id[15] = std::byte{0};
    EXPECT_EQ(decode_frame(some_frame(), frame_prefix(other)).state, frame_state::bad);
}

TEST(frame, cannot_hold_more_than_it_may) {
    std::vector<event> large(1);
    large[0].value = std::string(frame_bytes_max, 'x');
    try {
        (void)encode_events(large);
        FAIL();
    } catch (const journal_error& error) {
        EXPECT_EQ(error.reason(), journal_failure::too_large);
    }
}

TEST(log_id, is_read_in_the_form_it_is_written_in_only) {
    const std::string text = "00112233-4455-6677-8899-aabbccddeeff";
    EXPECT_EQ(to_string(log_id_from(text).value()), text);
    for (const std::string wrong :
         {"", "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-AABBCCDDEEFF",
          "00112233-4455-6677-8899-aabbccddeeff0", "0011223-34455-6677-8899-aabbccddeeff"})
        EXPECT_FALSE(log_id_from(wrong)) << wrong;
}

} // namespace
} // namespace events
