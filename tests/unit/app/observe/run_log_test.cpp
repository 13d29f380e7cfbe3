#include "app/observe/run_log.hpp"
#include "async/error.hpp"
#include "tests/support/kept_log.hpp"

#include <gmock/gmock.h>
#include <stdexcept>

namespace app {
namespace {

using ::testing::ElementsAre;

TEST(log_failure, tells_what_is_known_of_a_failure) {
    test_support::kept_log log;
    const auto facts =
        log_failure(log, std::make_exception_ptr(async::error(async::failure::locked, "busy", "Wait.")), 10);
    EXPECT_EQ(facts.type, "locked");
    EXPECT_EQ(facts.hint, "Wait.");
    EXPECT_THAT(log.lines, ElementsAre("run.error: busy error.type=locked error.hint=Wait. exit_code=10"));
}

TEST(log_failure, takes_any_other_exception_for_a_bug) {
    test_support::kept_log log;
    const auto facts = log_failure(log, std::make_exception_ptr(std::logic_error("oops")), 12);
    EXPECT_EQ(facts.type, "internal");
    EXPECT_EQ(facts.message, "oops");
    EXPECT_EQ(facts.hint, "This is a bug in event-archiver.");
}

} // namespace
} // namespace app
