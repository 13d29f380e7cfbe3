#include "async/error.hpp"
#include "lake/folder/file_map.hpp"
#include "lake/ledger/ledger_state.hpp"
#include "tests/support/live_bytes.hpp"
#include "tests/unit/lake/marks.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>

namespace lake {
namespace {

file_key key_at(int number, compression kind = compression::none) {
    return {day::from_number(number).value(), kind};
}

// Each file has a run, a transaction and a sample of its own, as after as many nights.
file_mark mark_at(int number) {
    std::mt19937_64 random(static_cast<std::uint64_t>(number));
    file_mark mark;
    mark.table = "public.Event";
    mark.now.rows = random() % 100'000;
    mark.now.bytes = mark.now.rows * 500;
    mark.now.blocks = 3;
    mark.now.crc = random();
    mark.now.header = 0x0123'4567'89ab'cdef;
    mark.now.run = fmt::format("{:016x}-{:016x}", random(), random());
    mark.now.transaction = std::to_string(1'000'000 + number * 13);
    mark.now.position = {"7312345678901234567", "16384", 1, 0x16'0000'0000 + random() % 1'000'000'000,
                         1'767'225'600'000'001};
    mark.now.sample =
        sampled_row{{"id"}, {fmt::format("{:08x}-{:016x}", random() >> 32, random())}, random()};
    mark.now.types = 0x0fed'cba9'8765'4321;
    mark.now.identity = 0x0f0f'f0f0'0f0f'f0f0;
    mark.now.ids = random();
    mark.now.before = "2025-11-20 02:00:00." + std::to_string(100 + random() % 900);
    mark.now.time_column = "created_at";
    return mark;
}

azure::blob_properties blob_at(int number, const file_mark& mark) {
    azure::blob_properties blob;
    blob.name = "folder/" + day::from_number(number).value().file_name();
    blob.etag =
        fmt::format("\"0x8D{:014X}\"", std::mt19937_64(static_cast<std::uint64_t>(number) + 1)() >> 8);
    blob.size = mark.now.bytes;
    blob.content.type = "text/csv; charset=utf-8";
    blob.last_modified = "Thu, 29 Feb 2024 02:00:17 GMT";
    blob.access_tier = "Hot";
    blob.lease_state = "available";
    blob.metadata = metadata_with(mark, {});
    return blob;
}

void expect_same(const azure::blob_properties& one, const azure::blob_properties& other) {
    EXPECT_EQ(one.name, other.name);
    EXPECT_EQ(one.etag, other.etag);
    EXPECT_EQ(one.size, other.size);
    EXPECT_EQ(one.type, other.type);
    EXPECT_EQ(one.content, other.content);
    EXPECT_EQ(one.metadata, other.metadata);
    EXPECT_EQ(one.last_modified, other.last_modified);
    EXPECT_EQ(one.access_tier, other.access_tier);
    EXPECT_EQ(one.archive_status, other.archive_status);
    EXPECT_EQ(one.lease_state, other.lease_state);
    EXPECT_EQ(one.lease_duration, other.lease_duration);
    EXPECT_EQ(one.immutable_until, other.immutable_until);
    EXPECT_EQ(one.legal_hold, other.legal_hold);
    EXPECT_EQ(one.tag_count, other.tag_count);
    EXPECT_EQ(one.directory, other.directory);
}

TEST(file_map, loses_nothing_of_what_a_listing_tells) {
    azure::blob_properties blob;
    blob.name = "folder/events_1970-01-02.csv";
    blob.etag = "\"0x8D\"";
    blob.size = 0xffff'ffff'ffff'ffff;
    blob.type = azure::blob_type::append;
    blob.content = {"type",  "encoding", "language", "disposition",
                    "cache", "Cool",     "scope",    {{"tag", "value"}}};
    blob.metadata = metadata_with(rig::pending_mark(), {{"owner", "somebody"}});
    blob.last_modified = "Thu, 29 Feb 2024 02:00:17 GMT";
    blob.access_tier = "Cold";
    blob.archive_status = "rehydrate-pending-to-hot";
    blob.lease_state = "leased";
    blob.lease_duration = "infinite";
    blob.immutable_until = "Fri, 01 Mar 2024 00:00:00 GMT";
    blob.legal_hold = true;
    blob.tag_count = 128;
    blob.directory = true;
    file_map files;
    files.add(key_at(1), blob);
    const auto found = files.unpacked(key_at(1));
    ASSERT_TRUE(found);
    expect_same(found->properties, blob);
    EXPECT_EQ(found->mark.mark, mark_from(blob.metadata).mark);
    EXPECT_FALSE(files.unpacked(key_at(2)));
    EXPECT_EQ(files.find(key_at(2)), nullptr);
    EXPECT_THROW((void)files.at(key_at(2)), async::error);
}

TEST(file_map, is_in_order_of_days_whatever_comes_first) {
    file_map files;
    for (const int number : {5, 1, 300, 2, 4, 3})
        files.add(key_at(number), blob_at(number, mark_at(number)));
    files.emplace(key_at(2, compression::gzip), listed_file{blob_at(2, mark_at(2)), {}});
    std::vector<file_key> keys;
    for (const auto& [key, file] : files) {
        keys.push_back(key);
        EXPECT_EQ(file.mark.mark.has_value(), key.compression == compression::none);
        if (file.mark.mark) {
            EXPECT_EQ(*file.mark.mark, mark_at(key.which.number()));
        }
    }
    EXPECT_EQ(keys, (std::vector<file_key>{key_at(1), key_at(2), key_at(2, compression::gzip), key_at(3),
                                           key_at(4), key_at(5), key_at(300)}));
    EXPECT_EQ(files.keys_in({key_at(4).which, std::nullopt}),
              (std::vector{key_at(4), key_at(5), key_at(300)}));
    files.add(key_at(3), blob_at(7, mark_at(7)));
    EXPECT_EQ(files.size(), 7U) << "the later one replaced it";
    EXPECT_EQ(*files.at(key_at(3)).mark.mark, mark_at(7));
    files.erase(key_at(3));
    EXPECT_FALSE(files.contains(key_at(3)));
}

TEST(file_map, keeps_what_was_found_where_it_is) {
    file_map files;
    for (int number = 0; number < 200; ++number)
        files.add(key_at(number), blob_at(number, mark_at(number)));
    const auto* const found = files.find(key_at(7));
    for (int number = 0; number < 200; ++number)
        EXPECT_EQ(files.find(key_at(number))->mark.mark->now.crc, mark_at(number).now.crc);
    const auto moved = std::move(files);
    EXPECT_EQ(moved.find(key_at(7)), found);
    EXPECT_EQ(*found->mark.mark, mark_at(7));
}

TEST(file_map, tells_what_a_run_asks_of_every_file) {
    auto pending = rig::pending_mark();
    auto restoring = mark_at(1);
    restoring.restoring.emplace();
    auto restored = mark_at(1);
    restored.restored.emplace();
    restored.held_until = "2026-12-24T02:00:00Z";
    file_map files;
    files.add(key_at(1), blob_at(1, mark_at(1)));
    files.add(key_at(2), blob_at(2, pending));
    files.add(key_at(3), blob_at(3, restoring));
    files.add(key_at(4), blob_at(4, restored));
    auto spoiled = blob_at(5, mark_at(5));
    spoiled.metadata["archivercrc"] = "x";
    files.add(key_at(5), spoiled);
    const auto days = [&files](file_trait wanted) {
        std::vector<int> found;
        for (const auto* file : files.with(wanted))
            found.push_back(file->key().which.number());
        EXPECT_EQ(files.count(wanted), found.size());
        return found;
    };
    EXPECT_EQ(days(file_trait::pending), (std::vector{2}));
    EXPECT_EQ(days(file_trait::awaiting), (std::vector{2, 3}));
    EXPECT_EQ(days(file_trait::restored), (std::vector{4}));
    EXPECT_EQ(days(file_trait::held), (std::vector{4}));
    EXPECT_EQ(days(file_trait::mistaken), (std::vector{5}));
    EXPECT_EQ(files.time_columns(), (std::set<std::string>{"created_at"}));
}

TEST(file_map, parts_with_the_files_of_others_and_takes_what_it_lacks) {
    file_map files;
    for (int number = 0; number < 100; ++number)
        files.add(key_at(number), blob_at(number, mark_at(number)));
    (void)files.find(key_at(3));
    auto odd = files.take_if([](const file_key& key) { return key.which.number() % 2 != 0; });
    EXPECT_EQ(files.size(), 50U);
    EXPECT_EQ(odd.size(), 50U);
    EXPECT_EQ(*odd.at(key_at(3)).mark.mark, mark_at(3));
    EXPECT_EQ(*files.at(key_at(4)).mark.mark, mark_at(4));
    EXPECT_FALSE(files.contains(key_at(3)));
    odd.emplace(key_at(4), listed_file{blob_at(9, mark_at(9)), {}});
    files.merge(odd);
    EXPECT_EQ(files.size(), 100U);
    EXPECT_EQ(*files.at(key_at(4)).mark.mark, mark_at(4)) << "it has one of that key";
    EXPECT_EQ(*files.at(key_at(99)).mark.mark, mark_at(99));
}

TEST(file_map, takes_as_little_memory_as_it_promises) {
    constexpr int count = 10'000;
    const auto before = test_support::live_bytes();
    file_map files;
    for (int number = 0; number < count; ++number)
        files.add(key_at(number), blob_at(number, mark_at(number)));
    std::uint64_t rows = 0;
    for (const auto& [key, file] : files)
        rows += file.mark.mark->now.rows;
    EXPECT_GT(rows, 0U);
    EXPECT_LT((test_support::live_bytes() - before) / count, packed_file_bytes);
}

TEST(ledger_state, takes_as_little_memory_as_it_promises) {
    constexpr int count = 10'000;
    const auto before = test_support::live_bytes();
    ledger_state known;
    for (int times = 0; times < 3; ++times)
        for (int number = 0; number < count; ++number) {
            const auto name = day::from_number(number).value().file_name();
            known.note(entry_of("folder/" + name, mark_at(number), blob_at(number, mark_at(number)).etag,
                                "archived"));
        }
    EXPECT_EQ(known.size(), static_cast<std::size_t>(count));
    EXPECT_LT((test_support::live_bytes() - before) / count, known_file_bytes);
    for (const auto& [name, entry] : known) {
        const auto number = key_of_file(name).value().which.number();
        ASSERT_EQ(entry.now.crc, mark_at(number).now.crc);
        ASSERT_EQ(entry.file, name);
    }
}

} // namespace
} // namespace lake
