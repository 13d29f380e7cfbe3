#include "app/page/report_file.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(report_file, keeps_what_the_log_draws_until_it_is_gone) {
    const rig::temporary_folder folder;
    test_support::kept_log log;
    {
        report_file file((folder.path / "page.html").string(), log);
        { const async::span stretch(log, "job", "stage"); }
        EXPECT_EQ(file.timeline().kept().size(), 1U);
        file.write({});
    }
    EXPECT_EQ(log.attached_timeline(), nullptr);
    EXPECT_TRUE(std::filesystem::exists(folder.path / "page.html"));
    EXPECT_TRUE(log.lines.empty());
}

} // namespace
} // namespace app
