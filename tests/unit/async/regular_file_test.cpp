#include "async/regular_file.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class regular_file : public ::testing::Test {
  protected:
    regular_file() {
        std::string name = (fs::temp_directory_path() / "regular_file.XXXXXX").string();
        place_ = ::mkdtemp(name.data());
    }
    ~regular_file() override { fs::remove_all(place_); }

    fs::path file(std::string_view text) {
        std::ofstream(place_ / "file") << text;
        return place_ / "file";
    }
    fs::path fifo() {
        EXPECT_EQ(::mkfifo((place_ / "fifo").c_str(), 0600), 0);
        return place_ / "fifo";
    }

    fs::path place_;
};

TEST_F(regular_file, is_opened_and_nothing_else_is_waited_for) {
    EXPECT_TRUE(async::open_regular(file("text"), O_RDONLY).open());
    const auto pipe = fifo();
    for (const auto flags : {O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_CREAT}) {
        EXPECT_FALSE(async::open_regular(pipe, flags, 0600).open());
        EXPECT_EQ(errno, ENXIO);
    }
    EXPECT_FALSE(async::open_regular("/dev/zero", O_RDONLY).open());
    EXPECT_EQ(errno, ENXIO);
    EXPECT_FALSE(async::open_regular(place_, O_RDONLY).open());
    EXPECT_EQ(errno, EISDIR);
    EXPECT_FALSE(async::open_regular(place_ / "absent", O_RDONLY).open());
    EXPECT_EQ(errno, ENOENT);
}

TEST_F(regular_file, is_not_needed_for_writing_where_somebody_reads) {
    const auto pipe = fifo();
    EXPECT_FALSE(async::open_for_writing(pipe, O_WRONLY).open());
    EXPECT_EQ(errno, ENXIO);
    EXPECT_EQ(async::open_stream(pipe), nullptr);
    const async::descriptor reader(pipe, O_RDONLY | O_NONBLOCK);
    const auto writer = async::open_for_writing(pipe, O_WRONLY);
    ASSERT_TRUE(writer.open());
    EXPECT_EQ(::fcntl(writer.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_TRUE(async::open_for_writing("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600).open());
}

TEST_F(regular_file, is_read_whole_up_to_a_limit) {
    EXPECT_EQ(async::read_text(file("a text\n"), 1 << 20).text, "a text\n");
    const auto large = async::read_text(file(std::string((1 << 20) + 1, 'x')), 1 << 20);
    EXPECT_EQ(large.mistake, "is larger than 1 MiB");
    EXPECT_EQ(async::read_text(place_, 1 << 20).mistake, "cannot be read");
    EXPECT_EQ(async::read_text("/dev/zero", 1 << 20).mistake, "cannot be read: it is not a regular file");
    EXPECT_NE(async::read_text(place_ / "absent", 1 << 20).mistake, "");
}

TEST_F(regular_file, may_be_a_pipe_that_ends) {
    int ends[2] = {};
    ASSERT_EQ(::pipe(ends), 0);
    std::thread slow([end = ends[1]] {
        for (const char* part : {"one ", "two"}) {
            std::this_thread::sleep_for(milliseconds(50));
            EXPECT_GT(::write(end, part, std::string_view(part).size()), 0);
        }
        ::close(end);
    });
    EXPECT_EQ(async::read_text("/dev/fd/" + std::to_string(ends[0]), 1 << 20).text, "one two");
    slow.join();
    ::close(ends[0]);
}

TEST_F(regular_file, may_not_be_a_pipe_that_does_not_end) {
    const auto pipe = fifo();
    EXPECT_NE(async::read_text(pipe, 1 << 20, milliseconds(50)).mistake, "") << "nobody writes to it";
    const async::descriptor writer(pipe, O_RDWR);
    const auto read = async::read_text(pipe, 1 << 20, milliseconds(50));
    EXPECT_EQ(read.mistake, "cannot be read: it is a pipe whose writer has not closed it in time");
}

TEST_F(regular_file, is_told_from_what_libraries_would_wait_for) {
    EXPECT_TRUE(async::would_wait(fifo()));
    EXPECT_FALSE(async::would_wait(file("text")));
    EXPECT_FALSE(async::would_wait("/dev/null"));
    EXPECT_FALSE(async::would_wait(place_ / "absent"));
}

} // namespace
