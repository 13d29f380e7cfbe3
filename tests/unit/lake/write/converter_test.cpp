// Whichever request a conversion dies at, and whatever others do meanwhile: no byte of the file is lost.
#include "lake/write/converter.hpp"
#include "tests/support/memory_lake_fixture.hpp"
#include "tests/unit/lake/marks.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>

namespace lake {
namespace {

using async::failure;

const std::string content = "id,created_at\n1,2024-02-29 10:00:00\n2,2024-02-29 11:00:00\n";
const std::string appended = "3,2024-02-29 12:00:00\n";

class converter_test : public test_support::memory_lake_test {
  protected:
    static constexpr auto copy = "logs/event-archiver-copy-of-events_2024-02-29.csv.part";

    // An append blob, as others write it.
    void put_append_blob(std::string bytes = content, azure::metadata values = {{"owner", "them"}}) {
        lake_.write(name, std::move(bytes), std::move(values)).properties.type = azure::blob_type::append;
        lake_.requests.clear();
    }
    // From the request at this place on, no other arrives: the process is dead.
    void die_at(std::size_t place, bool once_it_took_effect) {
        const auto die = [this, place](const std::string&) {
            if (lake_.requests.size() >= place)
                throw async::error(failure::internal, "the process is dead");
        };
        lake_.before = [this, place, die, once_it_took_effect](const std::string& request) {
            if (lake_.requests.size() != place || !once_it_took_effect)
                die(request);
        };
        lake_.after = once_it_took_effect ? die : test_support::memory_lake::request_hook();
    }
    // What each run does before it reads a row.
    async::awaitable<void> next_run() {
        lake_.before = lake_.after = {};
        converter again(lake_, retries_, pages_, log_, "0196-next", nonce_);
        std::optional<listed_file> file;
        if (lake_.has(name))
            file = lake_.file(name);
        if (lake_.has(copy)) {
            const auto left = lake_.file(copy);
            co_await again.settle(left, file ? &*file : nullptr);
        }
        if (lake_.has(name) && lake_.file(name).properties.type == azure::blob_type::append) {
            const auto there = lake_.file(name);
            co_await again.convert(there, &expected_);
        }
    }
    void expect_converted(const std::string& bytes, const std::string& where) {
        ASSERT_TRUE(lake_.has(name)) << where;
        EXPECT_FALSE(lake_.has(copy)) << where;
        EXPECT_EQ(lake_.blobs.at(name).content, bytes) << where;
        EXPECT_EQ(lake_.file(name).properties.type, azure::blob_type::block) << where;
        EXPECT_EQ(lake_.blobs.at(name).properties.metadata.at("owner"), "them") << where;
    }

    expected_file expected_{
        *day::from_text("2024-02-29"), "id,created_at\n", 0, "created_at", {{"id", "integer"}}};
    std::size_t nonces_ = 0;
    std::function<std::string()> nonce_ = [this] { return fmt::format("{:0>56}", ++nonces_); };
    converter converter_{lake_, retries_, pages_, log_, "0195-run", nonce_};
};

TEST_F(converter_test, ends_with_the_same_bytes_whichever_request_it_dies_at) {
    put_append_blob();
    run(converter_.convert(lake_.file(name), &expected_));
    expect_converted(content, "nothing died");
    const auto requests = lake_.requests.size();
    ASSERT_GT(requests, 8U);
    for (std::size_t place = 1; place <= requests; ++place)
        for (const bool took_effect : {false, true}) {
            const auto where = fmt::format("{} request {}", took_effect ? "after" : "before", place);
            lake_.blobs.clear();
            put_append_blob();
            die_at(place, took_effect);
            EXPECT_NE(failure_of(converter_.convert(lake_.file(name), &expected_)).message(), "") << where;
            EXPECT_TRUE(lake_.has(name) || lake_.has(copy)) << where;
            run(next_run());
            expect_converted(content, where);
        }
}

TEST_F(converter_test, loses_no_row_that_its_owner_appends_at_any_request) {
    put_append_blob();
    run(converter_.convert(lake_.file(name), &expected_));
    const auto requests = lake_.requests.size();
    for (std::size_t place = 1; place <= requests; ++place) {
        lake_.blobs.clear();
        put_append_blob();
        bool arrived = false;
        lake_.before = [&](const std::string&) {
            if (lake_.requests.size() != place || !lake_.has(name) ||
                lake_.file(name).properties.type != azure::blob_type::append)
                return;
            auto& file = lake_.blobs.at(name);
            file.content += appended;
            lake_.change_etag(file);
            arrived = true;
        };
        const auto failed = failure_of(converter_.convert(lake_.file(name), &expected_));
        EXPECT_EQ(failed.message().empty(), !arrived) << place << ": " << failed.message();
        run(next_run());
        expect_converted(arrived ? content + appended : content, fmt::format("before request {}", place));
    }
}

TEST_F(converter_test, touches_neither_of_two_files_that_differ) {
    put_append_blob();
    after_next(fmt::format("remove {}", name), [] { throw async::error(failure::internal, "dead"); });
    (void)failure_of(converter_.convert(lake_.file(name), &expected_));
    put_append_blob("id,created_at\n7,2024-02-29 07:00:00\n");
    const auto failed = failure_of(next_run());
    EXPECT_EQ(failed.kind(), failure::precondition);
    EXPECT_NE(failed.message().find(name), std::string::npos) << failed.message();
    EXPECT_NE(failed.message().find(copy), std::string::npos) << failed.message();
    EXPECT_EQ(lake_.blobs.at(copy).content, content);
    EXPECT_EQ(lake_.blobs.at(name).content, "id,created_at\n7,2024-02-29 07:00:00\n");
}

TEST_F(converter_test, keeps_a_mark_that_describes_the_bytes_or_a_restore) {
    auto mark = rig::pending_mark();
    mark.pending = false;
    mark.base.reset();
    mark.now.uncompressed = 0;
    mark.now.bytes = content.size();
    mark.now.crc = test_support::crc_of_text(content);
    auto restored = mark;
    restored.restored = restored_mark{{"0193-restore", "741", {}}, 2};
    auto other_bytes = content;
    other_bytes[other_bytes.find("10:00")] = '0'; // 00:00
    struct {
        const file_mark& mark;
        std::string bytes;
        bool kept;
    } const cases[] = {{mark, content, true},
                       {mark, content + appended, false},
                       {mark, other_bytes, false},
                       {restored, content, true},
                       {restored, content + appended, true}};
    for (const auto& each : cases) {
        lake_.blobs.clear();
        put_append_blob(each.bytes, metadata_with(each.mark, {{"owner", "them"}}));
        run(converter_.convert(lake_.file(name), &expected_));
        expect_converted(each.bytes, each.bytes);
        const auto marked = lake_.file(name).mark.mark;
        EXPECT_EQ(marked.has_value(), each.kept) << each.bytes;
        if (marked) {
            EXPECT_EQ(*marked, each.mark);
        }
    }
}

TEST_F(converter_test, changes_nothing_of_a_file_that_rows_cannot_follow) {
    put_append_blob("id,created_at\n1,2024-03-01 10:00:00\n");
    const auto etag = lake_.file(name).properties.etag;
    EXPECT_EQ(failure_of(converter_.convert(lake_.file(name), &expected_)).kind(), failure::precondition);
    EXPECT_EQ(lake_.file(name).properties.etag, etag);
    EXPECT_FALSE(lake_.has(copy));
    // A caller that has read it asks for its bytes alone.
    run(converter_.convert(lake_.file(name), nullptr));
    expect_converted("id,created_at\n1,2024-03-01 10:00:00\n", "any rows");
}

} // namespace
} // namespace lake
