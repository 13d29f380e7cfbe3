// A disk that fails under the writer, in a process of its own that loads tests/support/failing_disk.cpp.
#include "events/journal/error.hpp"
#include "tests/unit/events/journal/segments/directory.hpp"
#include "tests/unit/events/journal/segments/written_values.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace events::rig {
namespace {

namespace fs = std::filesystem;

std::string outcome_of(const append_result& result) {
    if (!result.failed)
        return fmt::format("accepted up to {}", result.end);
    try {
        std::rethrow_exception(result.failed);
    } catch (const journal_error& error) {
        return fmt::format("{}{}", error.reason() == journal_failure::full ? "full" : "broken",
                           error.outcome_unknown() ? ", unknown" : "");
    }
}

// What the process on the failing disk does: six appends of one event each.
TEST(on_a_failing_disk, DISABLED_appends) {
    const char* directory = std::getenv("JOURNAL_OF_TEST");
    ASSERT_NE(directory, nullptr);
    auto options = options_of();
    options.sync_every = std::chrono::milliseconds(std::getenv("SYNC_LATER") != nullptr ? 1 : 0);
    if (std::getenv("AN_EVENT_A_SEGMENT") != nullptr)
        options.segment_bytes = 1;
    std::optional<segment_writer> opened;
    try {
        opened.emplace(directory, options);
    } catch (const file_failure&) {
        std::printf("not opened\n");
        return;
    }
    auto& writer = *opened;
    for (int each = 0; each < 6; ++each) {
        std::printf("%s\n", outcome_of(append(writer, 1).front()).c_str());
        if (options.sync_every.count() > 0) {
            try {
                writer.sync();
            } catch (const journal_error& error) {
                std::printf("sync failed\n");
            }
        }
    }
}

class failing_disk_test : public testing::Test {
  protected:
    [[nodiscard]] fs::path path() const { return directory_.path() / "live"; }

    // The lines that the process said.
    std::vector<std::string> append_on(const std::string& disk, const std::string& more = {}) {
        const auto said = directory_.path() / "said";
        const auto command =
            fmt::format("ASAN_OPTIONS=verify_asan_link_order=0 FAILING_DISK='{}' FAILING_DISK_PATH=.log {} "
                        "JOURNAL_OF_TEST='{}' LD_PRELOAD='{}' '{}' --gtest_also_run_disabled_tests"
                        " --gtest_brief=1 --gtest_filter=on_a_failing_disk.DISABLED_appends > '{}'",
                        disk, more, path().string(), FAILING_DISK,
                        fs::read_symlink("/proc/self/exe").string(), said.string());
        EXPECT_EQ(std::system(command.c_str()), 0); // NOLINT: a shell is what is wanted
        std::vector<std::string> lines;
        std::istringstream all(content_of(said));
        for (std::string line; std::getline(all, line);)
            if (line.starts_with("accepted") || line.starts_with("broken") || line.starts_with("full") ||
                line.starts_with("sync") || line.starts_with("not"))
                lines.push_back(line);
        return lines;
    }

    own_directory directory_;
};

const std::string unknown = "broken, unknown";

TEST_F(failing_disk_test, a_sync_that_fails_is_final_and_its_outcome_is_unknown) {
    for (const std::string kind : {"EIO", "lost"}) {
        fs::remove_all(path());
        const std::vector<std::string> expected{
            "accepted up to 1", "accepted up to 2", unknown, unknown, unknown, unknown};
        EXPECT_EQ(append_on("fdatasync#3=" + kind), expected) << kind;
        // A restart reads what is there, and goes on.
        segment_writer writer(path(), options_of());
        EXPECT_EQ(writer.end(), kind == "EIO" ? 3 : 2);
        expect_events(path(), writer.end());
        ASSERT_FALSE(append(writer, 1).front().failed);
        expect_events(path(), writer.end());
    }
}

// After a sync that failed the kernel takes the pages for clean: a second sync would prove nothing.
TEST_F(failing_disk_test, a_restart_writes_again_what_may_not_have_reached_the_disk) {
    (void)append_on("fdatasync#3=EIO");
    EXPECT_EQ(append_on("pwrite#1=EIO"), std::vector<std::string>{"not opened"});
    const segment_writer writer(path(), options_of());
    EXPECT_EQ(writer.end(), 3);
    expect_events(path(), writer.end());
}

TEST_F(failing_disk_test, a_write_that_fails_is_final_and_its_outcome_is_unknown) {
    for (const std::string kind : {"pwrite#3=EIO", "pwrite#3=half"}) {
        fs::remove_all(path());
        const std::vector<std::string> expected{
            "accepted up to 1", unknown, unknown, unknown, unknown, unknown};
        EXPECT_EQ(append_on(kind), expected) << kind; // the first write is of the segment's header
        segment_writer writer(path(), options_of());
        EXPECT_EQ(writer.end(), 1);
        EXPECT_EQ(writer.cut_tail(), kind.ends_with("half"));
        ASSERT_FALSE(append(writer, 1).front().failed);
        expect_events(path(), writer.end());
    }
}

TEST_F(failing_disk_test, keeps_nothing_of_what_found_no_room) {
    const std::vector<std::string> expected{"accepted up to 1", "full",
                                            "accepted up to 2", "accepted up to 3",
                                            "accepted up to 4", "accepted up to 5"};
    EXPECT_EQ(append_on("pwrite#3=ENOSPC"), expected);
    const segment_writer writer(path(), options_of());
    EXPECT_EQ(writer.end(), 5);
    expect_events(path(), writer.end());
}

// Events behind a segment that is still there would be hidden by it after a restart.
TEST_F(failing_disk_test, accepts_no_more_where_a_segment_that_found_no_room_cannot_be_taken_away) {
    for (const std::string left : {"EIO", "ENOSPC"}) {
        fs::remove_all(path());
        const std::vector<std::string> expected{
            "accepted up to 1", unknown, unknown, unknown, unknown, unknown};
        EXPECT_EQ(append_on("pwrite#3=ENOSPC,unlink#1=" + left, "AN_EVENT_A_SEGMENT=1"), expected) << left;
        segment_writer writer(path(), options_of());
        EXPECT_EQ(writer.end(), 1);
        ASSERT_FALSE(append(writer, 1).front().failed);
        expect_events(path(), writer.end());
    }
    fs::remove_all(path());
    const std::vector<std::string> expected{"accepted up to 1", "full",
                                            "accepted up to 2", "accepted up to 3",
                                            "accepted up to 4", "accepted up to 5"};
    EXPECT_EQ(append_on("pwrite#3=ENOSPC", "AN_EVENT_A_SEGMENT=1"), expected);
    expect_events(path(), 5);
}

// ENOLCK is no other process; a signal is no failure.
TEST_F(failing_disk_test, tells_a_lock_that_is_held_from_one_that_cannot_be_had) {
    EXPECT_EQ(append_on("flock#1=ENOLCK"), std::vector<std::string>{"not opened"});
    fs::remove_all(path());
    EXPECT_EQ(append_on("flock#1=EINTR").back(), "accepted up to 6");
}

TEST_F(failing_disk_test, a_later_sync_that_fails_accepts_no_more) {
    const std::vector<std::string> expected{"accepted up to 1", "accepted up to 2",
                                            "sync failed",      unknown,
                                            "sync failed",      unknown,
                                            "sync failed",      unknown,
                                            "sync failed",      unknown,
                                            "sync failed"};
    EXPECT_EQ(append_on("fdatasync#2=lost", "SYNC_LATER=1"), expected);
    const segment_writer writer(path(), options_of());
    EXPECT_EQ(writer.end(), 1); // the second was answered: this is what `sync_every` costs
    expect_events(path(), writer.end());
}

} // namespace
} // namespace events::rig
