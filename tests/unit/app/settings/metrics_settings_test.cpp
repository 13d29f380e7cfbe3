#include "app/settings/metrics_settings.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(instance_of, tells_archives_apart_and_has_no_slash) {
    archive::settings job;
    EXPECT_EQ(instance_of("acme", "box", job), "acme:box");
    job.folder = "a/b";
    job.shard = {3, 12};
    EXPECT_EQ(instance_of("acme", "box", job), "acme:box:a:b:3-of-12");
}

TEST(instance_of, tells_where_exports_go) {
    exports::settings exporting;
    exporting.directory = "/srv/out";
    EXPECT_EQ(instance_of("acme", exporting), "exports:srv:out");
    exporting.directory = "out";
    EXPECT_EQ(instance_of("acme", exporting), "exports:out");
    exporting.to = exports::destination::lake;
    exporting.container = "box";
    exporting.folder = "a/b";
    EXPECT_EQ(instance_of("acme", exporting), "exports:acme:box:a:b");
}

} // namespace
} // namespace app
