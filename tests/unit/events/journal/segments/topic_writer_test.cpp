#include "events/journal/segments/segment_writer.hpp"
#include "events/journal/segments/topic_writer.hpp"
#include "tests/unit/events/journal/segments/directory.hpp"
#include "tests/unit/events/journal/segments/written_values.hpp"

#include <gtest/gtest.h>

#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>

namespace events {
namespace {

class topic_writer_test : public testing::Test {
  protected:
    [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "live"; }
    rig::own_directory directory_;
};

TEST_F(topic_writer_test, names_this_process_while_it_writes_and_none_afterwards) {
    {
        segment_writer writer(path(), rig::options_of());
        const auto found = writer_of(path());
        EXPECT_TRUE(found.is_there);
        EXPECT_EQ(found.process, ::getpid());
        std::filesystem::remove(path() / "lock");
        EXPECT_EQ(writer_of(path()).process, ::getpid()) << "it holds its segment, too";
    }
    EXPECT_FALSE(writer_of(path()).is_there);
    EXPECT_FALSE(std::filesystem::exists(path() / "lock")) << "a look makes nothing";
}

TEST_F(topic_writer_test, a_writer_begins_although_a_look_holds_the_lock_for_an_instant) {
    { const segment_writer writer(path(), rig::options_of()); }
    std::thread looking;
    {
        file_handle held(path() / "lock", file_handle::mode::read);
        ASSERT_TRUE(held.try_lock());
        looking = std::thread(
            [held = std::move(held)] { std::this_thread::sleep_for(std::chrono::milliseconds(10)); });
    }
    EXPECT_NO_THROW(segment_writer(path(), rig::options_of()));
    looking.join();
}

TEST_F(topic_writer_test, reads_the_holder_of_a_lock_of_that_very_file) {
    const std::string_view locks = "1: POSIX  ADVISORY  WRITE 11 fe:01:77 0 EOF\n"
                                   "2: FLOCK  ADVISORY  WRITE 22 fe:01:778 0 EOF\n"
                                   "3: FLOCK  ADVISORY  WRITE 33 fe:02:77 0 EOF\n"
                                   "4: FLOCK  ADVISORY  WRITE 44 fe:01:77 0 EOF\n"
                                   "4: -> FLOCK  ADVISORY  WRITE 55 fe:01:77 0 EOF\n";
    EXPECT_EQ(holder_in(locks, makedev(0xfe, 1), 77), 44);
    EXPECT_EQ(holder_in(locks, makedev(0xfe, 3), 77), 0);
    EXPECT_EQ(holder_in("", makedev(0xfe, 1), 77), 0);
    EXPECT_EQ(holder_in("1: FLOCK  ADVISORY  WRITE", makedev(0xfe, 1), 77), 0);
}

} // namespace
} // namespace events
