#include "tests/unit/azure/blob/blob_client_fixture.hpp"

namespace azure {
namespace {

using rig::storage_failure_of;
using test_support::answering;

class read_test : public rig::imposter_fixture {
  protected:
    std::string read(std::uint64_t from, std::optional<std::uint64_t> to = std::nullopt) {
        std::string got;
        const body_sink sink = [&got](std::span<const std::byte> bytes) -> async::awaitable<void> {
            got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            co_return;
        };
        run(client().read("b", "\"e\"", from, to, sink));
        return got;
    }
};

TEST_F(read_test, reads_on_where_it_was_cut) {
    const auto part = answering("GET", 206, {{"Content-Range", "bytes 2-9/10"}}, "cdefghij");
    server->expect(test_support::reaction(part).cut(part.reply.size() - 5)); // "cde"
    server->expect(answering("GET", 206, {{"Content-Range", "bytes 5-9/10"}}, "fghij").dribbled());

    EXPECT_EQ(read(2), "cdefghij");
    EXPECT_EQ(server->seen()[0].headers.at("if-match"), "\"e\"");
    EXPECT_EQ(server->seen()[0].headers.at("x-ms-range"), "bytes=2-67108865");
    EXPECT_EQ(server->seen()[1].headers.at("if-match"), "\"e\"");
    EXPECT_EQ(server->seen()[1].headers.at("x-ms-range"), "bytes=5-9");
    EXPECT_EQ(repeats, 0U) << "progress is no failed try";
}

TEST_F(read_test, gives_up_reading_without_progress) {
    for (int i = 0; i < 4; ++i)
        server->expect(answering("GET", 206, {{"Content-Range", "bytes 0-9/10"}}, "0123456789").cut(60));
    EXPECT_EQ(storage_failure_of([&] { return read(0); }).status(), 0U);
}

TEST_F(read_test, passes_nothing_on_that_is_not_the_range_asked_for) {
    server->expect(answering("GET", 200, {}, "abcdefghij"));
    server->expect(answering("GET", 206, {{"Content-Range", "bytes 0-9/10"}}, "abcdefghij"));
    for (int i = 0; i < 2; ++i) {
        try {
            (void)read(2);
            FAIL();
        } catch (const async::error& failed) {
            EXPECT_EQ(failed.kind(), async::failure::integrity);
        }
    }
}

TEST_F(read_test, reads_nothing_of_an_empty_blob_or_behind_the_end) {
    server->expect(answering("GET", 416, {{"x-ms-error-code", "InvalidRange"}}));
    EXPECT_EQ(read(0), "");
    server->expect(answering("GET", 416, {{"Content-Range", "bytes */10"}}));
    EXPECT_EQ(read(10), "");
    server->expect(answering("GET", 416, {{"Content-Range", "bytes */10"}}));
    EXPECT_EQ(storage_failure_of([&] { return read(11); }).status(), 416U);
    EXPECT_EQ(read(5, 5), "");
}

TEST_F(read_test, stops_reading_a_blob_that_has_changed) {
    server->expect(answering("GET", 412, {{"x-ms-error-code", "ConditionNotMet"}}));
    EXPECT_TRUE(storage_failure_of([&] { return read(0); }).condition_failed());
}

TEST_F(read_test, does_not_retry_what_the_receiver_throws) {
    server->expect(answering("GET", 206, {{"Content-Range", "bytes 0-9/10"}}, "0123456789"));
    const body_sink full = [](std::span<const std::byte>) -> async::awaitable<void> {
        throw async::error(async::failure::temporary, "disk full");
        co_return;
    };
    try {
        run(client().read("b", "\"e\"", 0, std::nullopt, full));
        FAIL();
    } catch (const async::error& failed) {
        EXPECT_EQ(failed.message(), "disk full");
    }
    EXPECT_EQ(repeats, 0U);
}

} // namespace
} // namespace azure
