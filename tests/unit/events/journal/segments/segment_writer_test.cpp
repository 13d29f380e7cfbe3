// The writer's promises, kept although the disk is full or holds another journal's files.
#include "events/journal/error.hpp"
#include "events/journal/segments/segment_writer.hpp"
#include "tests/unit/events/journal/segments/directory.hpp"
#include "tests/unit/events/journal/segments/written_values.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>

namespace events {
namespace {

namespace fs = std::filesystem;

using rig::append;
using rig::expect_events;
using rig::options_of;

journal_failure reason_of(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const journal_error& error) {
        return error.reason();
    }
}

long filesystem_type_of(const fs::path& path) {
    struct statfs found {};
    EXPECT_EQ(::statfs(path.c_str(), &found), 0);
    return static_cast<long>(found.f_type);
}

class segment_writer_test : public testing::Test {
  protected:
    [[nodiscard]] fs::path path() const { return directory_.path() / "live"; }
    rig::own_directory directory_;
};

TEST(file_failures, tell_clients_no_path) {
    for (const int reason : {EACCES, EPERM, EROFS, ENOENT, EMFILE, ENFILE, EIO, ENOSPC}) {
        const auto failed = std::make_exception_ptr(file_failure(reason, "opening", "/var/lib/x/0.log"));
        try {
            rethrow_as_journal_error(failed);
        } catch (const journal_error& error) {
            EXPECT_EQ(error.for_clients().find("/var"), std::string::npos) << error.for_clients();
        }
    }
}

TEST_F(segment_writer_test, refuses_events_and_goes_on_where_no_descriptor_is_left_for_the_next_segment) {
    auto options = options_of();
    options.segment_bytes = 200;
    segment_writer writer(path(), options);
    while (segments_in(path()).size() < 2)
        ASSERT_FALSE(append(writer, 1).front().failed);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    auto none_left = before;
    none_left.rlim_cur = 3;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
    std::exception_ptr failed;
    for (int each = 0; each < 10 && !failed; ++each) // some fit into the segment
        failed = append(writer, 1).front().failed;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(failed);
    EXPECT_EQ(reason_of(failed), journal_failure::no_descriptor);
    const auto end = writer.end();
    ASSERT_FALSE(append(writer, 1).front().failed);
    EXPECT_EQ(writer.end(), end + 1);
    expect_events(path(), writer.end());
}

TEST_F(segment_writer_test, refuses_segments_of_another_journal) {
    const auto other = directory_.path() / "other";
    {
        segment_writer one(path(), options_of());
        segment_writer two(other, options_of());
        (void)append(one, 3);
        (void)append(two, 3);
    }
    fs::copy_file(segment_path(other, 0), segment_path(path(), 0), fs::copy_options::overwrite_existing);
    try {
        const segment_writer writer(path(), options_of());
        FAIL();
    } catch (const journal_error& error) {
        EXPECT_EQ(error.reason(), journal_failure::foreign);
    }
    fs::remove(path() / "id");
    EXPECT_THROW(segment_writer(path(), options_of()), journal_error);
}

// A limit on the size of files stands for a full disk: the kernel refuses the bytes in the same places.
TEST_F(segment_writer_test, keeps_nothing_of_a_group_without_room_and_goes_on_once_there_is_room) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit old{};
    getrlimit(RLIMIT_FSIZE, &old);
    segment_writer writer(path(), options_of());
    ASSERT_FALSE(append(writer, 3)[2].failed);
    const auto durable = writer.end();
    const auto size = fs::file_size(segment_path(path(), 0));
    for (const std::uint64_t room : {1, 40, 200}) {
        rlimit limit = old;
        limit.rlim_cur = size + room;
        setrlimit(RLIMIT_FSIZE, &limit);
        const auto refused = append(writer, 5);
        setrlimit(RLIMIT_FSIZE, &old);
        for (const auto& each : refused) {
            ASSERT_TRUE(each.failed);
            EXPECT_EQ(reason_of(each.failed), journal_failure::full);
        }
        EXPECT_EQ(writer.end(), durable);
        EXPECT_EQ(fs::file_size(segment_path(path(), 0)), size);
    }
    const auto done = append(writer, 2);
    ASSERT_FALSE(done[1].failed);
    EXPECT_EQ(done[0].first, durable);
    expect_events(path(), writer.end());
}

TEST_F(segment_writer_test, closes_no_segment_that_is_not_synced) {
    auto later = options_of(700);
    later.sync_every = std::chrono::seconds(1);
    segment_writer writer(path(), later);
    for (int group = 0; group < 6; ++group) {
        ASSERT_FALSE(append(writer, 3)[2].failed);
        ASSERT_GE(writer.durable(), segments_in(path()).back());
    }
    EXPECT_GT(segments_in(path()).size(), 2U);
}

// Not on every file system: one in memory keeps what was reserved.
TEST_F(segment_writer_test, a_closed_segment_takes_no_more_of_the_disk_than_it_needs) {
    const auto taken = [this](position first) {
        struct stat found {};
        EXPECT_EQ(::stat(segment_path(path(), first).c_str(), &found), 0);
        return static_cast<std::uint64_t>(found.st_blocks) * 512;
    };
    constexpr std::uint64_t a_few_blocks = 32'768;
    constexpr std::uint64_t large = 8'388'608;
    segment_writer writer(path(), options_of(large));
    ASSERT_FALSE(append(writer, 3)[2].failed);
    EXPECT_LE(taken(0), 65'536U + a_few_blocks) << "a topic of few events";
    while (segments_in(path()).size() == 1)
        ASSERT_FALSE(append(writer, 120)[119].failed);
    if (filesystem_type_of(path()) != TMPFS_MAGIC) {
        EXPECT_LE(taken(0), fs::file_size(segment_path(path(), 0)) + a_few_blocks);
    }
    expect_events(path(), writer.end());
}

} // namespace
} // namespace events
