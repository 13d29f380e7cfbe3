#include "tests/unit/app/settings/environment.hpp"

#include <gmock/gmock.h>

namespace app {
namespace {

using rig::check_all;
using rig::check_with;
using rig::needed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(archiving_settings, commits_a_dry_run_at_once_since_nothing_is_committed) {
    auto environment = needed();
    environment["ARCHIVE_COMMIT"] = "day";
    environment["DRY_RUN"] = "1";
    EXPECT_EQ(check_all(environment).value.job.commit, archive::commit_unit::run);
}

} // namespace
} // namespace app
