#include "app/run/clear_text.hpp"
#include "tests/support/kept_log.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

using archive::check_status;

TEST(judge_encryption, is_content_with_this_machine_and_with_a_server_that_proves_its_name) {
    EXPECT_EQ(judge_encryption({false, true, "prefer"}).status, check_status::ok);
    EXPECT_EQ(judge_encryption({true, false, "verify-full"}).status, check_status::ok);
    for (const db::link_facts& link :
         {db::link_facts{false, false, "prefer"}, db::link_facts{true, false, "require"},
          db::link_facts{true, false, "verify-ca"}}) {
        const auto line = judge_encryption(link);
        EXPECT_EQ(line.name, "encryption");
        EXPECT_EQ(line.status, check_status::warning) << link.tls_mode;
        EXPECT_NE(line.remedy.find("verify-full"), std::string::npos);
    }
}

TEST(clear_text_watch, warns_once_of_a_server_on_another_machine) {
    test_support::kept_log sink;
    const auto watch = clear_text_watch("db:5432/app as archiver", sink);
    watch({true, false, "require"});
    watch({false, true, "prefer"});
    EXPECT_TRUE(sink.lines.empty());
    watch({false, false, "prefer"});
    watch({false, false, "prefer"});
    EXPECT_EQ(sink.lines.size(), 1U);
}

} // namespace
} // namespace app
