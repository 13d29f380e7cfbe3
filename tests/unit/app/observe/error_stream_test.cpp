#include "app/observe/error_stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace app {
namespace {

using testing::StartsWith;

class error_stream_test : public testing::Test {
  protected:
    error_stream_test() { EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0); }
    ~error_stream_test() override {
        close_reader();
        ::close(ends_[1]);
    }
    error_stream_test(const error_stream_test&) = delete;
    error_stream_test& operator=(const error_stream_test&) = delete;

    void close_reader() {
        if (ends_[0] >= 0)
            ::close(std::exchange(ends_[0], -1));
    }
    // All that is there.
    std::string drain() {
        ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
        std::string all;
        std::array<char, 65'536> part{};
        for (ssize_t got = 0; (got = ::read(ends_[0], part.data(), part.size())) > 0;)
            all.append(part.data(), static_cast<std::size_t>(got));
        return all;
    }
    error_stream stream() {
        return {ends_[1], std::chrono::milliseconds(5),
                [](std::uint64_t lines) { return "dropped " + std::to_string(lines) + "\n"; }};
    }

    std::array<int, 2> ends_{-1, -1};
};

TEST_F(error_stream_test, drops_and_counts_what_a_reader_that_has_stopped_leaves_no_room_for) {
    auto written = stream();
    const std::string line(999, 'x');
    for (int each = 0; each < 100; ++each)
        written.write(line + "\n");
    const auto first = drain();
    EXPECT_THAT(first, StartsWith(line + "\n"));
    EXPECT_EQ(first.size() % 1'000, 0U);
    const auto kept = first.size() / 1'000;
    EXPECT_LT(kept, 100U);
    written.write("again\n");
    written.write("and again\n");
    EXPECT_EQ(drain(), "dropped " + std::to_string(100 - kept) + "\nagain\nand again\n");
}

TEST_F(error_stream_test, ends_a_line_that_is_there_in_part) {
    auto written = stream();
    written.write(std::string(200'000, 'y') + "\n");
    EXPECT_LT(drain().size(), 200'000U);
    written.write("z\n");
    EXPECT_EQ(drain(), "\ndropped 1\nz\n");
}

TEST_F(error_stream_test, passes_over_a_reader_that_is_gone) {
    std::signal(SIGPIPE, SIG_IGN);
    auto written = stream();
    close_reader();
    written.write("x\n");
    written.write("y\n");
}

} // namespace
} // namespace app
