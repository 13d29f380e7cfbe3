// A writer's process is killed, at each named point and at random: what it had answered is there.
#include "tests/unit/events/journal/segments/directory.hpp"
#include "tests/unit/events/journal/segments/written_values.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace events::rig {
namespace {

namespace fs = std::filesystem;

class killed_writer_test : public testing::Test {
  protected:
    own_directory directory_;
};

// A child process, and the pipe by which it says up to where events are accepted.
class appending_process {
  public:
    template <typename Child>
    explicit appending_process(Child child) {
        int ends[2];
        if (::pipe(ends) != 0)
            throw std::runtime_error("no pipe");
        process_ = ::fork();
        if (process_ == 0) {
            ::close(ends[0]);
            child(ends[1]);
            std::_Exit(0);
        }
        ::close(ends[1]);
        told_ = ends[0];
    }
    void kill() const { ::kill(process_, SIGKILL); }
    // Waits for its end. The last position it said, and how it ended.
    std::pair<position, int> end() const {
        position last = 0;
        for (position told = 0; ::read(told_, &told, sizeof told) == static_cast<ssize_t>(sizeof told);)
            last = told;
        ::close(told_);
        int status = 0;
        EXPECT_EQ(::waitpid(process_, &status, 0), process_);
        return {last, status};
    }

  private:
    pid_t process_ = 0;
    int told_ = 0;
};

void tell(int pipe, position accepted) {
    if (::write(pipe, &accepted, sizeof accepted) != static_cast<ssize_t>(sizeof accepted))
        std::_Exit(3);
}

#ifdef EVENT_ARCHIVER_FAULT_POINTS

TEST_F(killed_writer_test, keeps_each_accepted_event_when_it_is_killed_at_any_named_point) {
    for (const std::string point : {"segment-created", "segment-header-synced", "segment-begun",
                                    "before-group", "group-written", "group-synced", "segment-removed"}) {
        for (const int time : {1, 2, 4}) {
            const auto directory = directory_.path() / fmt::format("{}-{}", point, time);
            const appending_process child([&](int pipe) {
                setenv("EVENT_ARCHIVER_FAULT", fmt::format("{}#{}=kill", point, time).c_str(), 1);
                segment_writer writer(directory, options_of(600));
                for (int group = 0; group < 12; ++group) {
                    (void)append(writer, 3);
                    tell(pipe, writer.end());
                    writer.retain(writer.end() - 30);
                }
            });
            const auto [accepted, status] = child.end();
            if (point != "segment-removed") {
                ASSERT_TRUE(WIFSIGNALED(status)) << point << '#' << time;
            }
            segment_writer writer(directory, options_of(600));
            ASSERT_GE(writer.end(), accepted) << point << '#' << time;
            expect_events(directory, writer.end());
            ASSERT_FALSE(append(writer, 2)[1].failed);
            expect_events(directory, writer.end());
        }
    }
}

#endif

// The same directory each time: what one left is what the next finds.
TEST_F(killed_writer_test, keeps_each_accepted_event_when_it_is_killed_at_random) {
    std::mt19937 chance(3); // NOLINT: the same each time
    for (const auto sync_every : {std::chrono::milliseconds(0), std::chrono::milliseconds(3)}) {
        const auto directory = directory_.path() / std::to_string(sync_every.count());
        auto options = options_of(30'000);
        options.sync_every = sync_every;
        position last = 0;
        for (int turn = 0; turn < 25; ++turn) {
            const appending_process child([&](int pipe) {
                segment_writer writer(directory, options);
                for (std::uint32_t group = 0;; ++group) {
                    (void)append(writer, 1 + group % 9);
                    tell(pipe, writer.end());
                    if (group % 5 == 0)
                        writer.sync();
                }
            });
            std::this_thread::sleep_for(std::chrono::microseconds(1'000 + chance() % 40'000));
            child.kill();
            const auto accepted = child.end().first;
            segment_writer writer(directory, options);
            ASSERT_GE(writer.end(), std::max(accepted, last));
            last = writer.end();
            expect_events(directory, writer.end());
        }
        EXPECT_GT(last, 100);
    }
}

} // namespace
} // namespace events::rig
