#include "app/settings/serve_settings.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <gmock/gmock.h>

namespace app {
namespace {

using namespace std::chrono_literals;
using rig::environment_of;
using rig::variables;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

checked_configuration serving_with(variables environment) {
    environment.emplace("DATABASE_URL", "postgresql://exporter@db/name");
    const auto lookup = environment_of(environment);
    return check(collect({}, lookup), lookup, purpose::serving);
}

TEST(serving_settings, listens_to_this_machine_at_the_port_of_the_original) {
    const auto checked = serving_with({});
    EXPECT_THAT(checked.mistakes, IsEmpty());
    const auto& serving = checked.value.serving;
    EXPECT_EQ(serving.address, "127.0.0.1");
    EXPECT_EQ(serving.port, 8002);
    EXPECT_EQ(serving.token, "");
    EXPECT_EQ(serving.connections, 1024U);
    EXPECT_EQ(serving.client_timeout, 30s);
    EXPECT_EQ(serving.grace, 20s);
    EXPECT_EQ(checked.value.exporting.parallel, 4U);
}

TEST(serving_settings, names_each_mistake_and_never_the_token) {
    EXPECT_THAT(
        serving_with({{"SERVE_ADDRESS", "here"},
                      {"SERVE_PORT", "-1"},
                      {"SERVE_TOKEN", "seven77"},
                      {"SERVE_CONNECTIONS", "0"},
                      {"SERVE_CLIENT_TIMEOUT", "1ms"},
                      {"SERVE_GRACE", "x"},
                      {"EXPORT_PARALLEL", "65"}})
            .mistakes,
        ElementsAre("EXPORT_PARALLEL is '65': give a whole number from 1 to 64",
                    "SERVE_ADDRESS is 'here': give an IP address: 127.0.0.1, 0.0.0.0 or ::1",
                    "SERVE_PORT is '-1': give a whole number from 0 to 65535",
                    "SERVE_TOKEN: give at least 8 characters",
                    "SERVE_CONNECTIONS is '0': give a whole number from 1 to 65536",
                    "SERVE_CLIENT_TIMEOUT is '1ms': give at least 100ms",
                    "SERVE_GRACE is 'x': give a time with its unit, such as 60s, 500ms or 2m, at most 168h"));
    EXPECT_THAT(serving_with({{"SERVE_TOKEN", "with a space"}}).mistakes,
                ElementsAre("SERVE_TOKEN: give visible ASCII characters without spaces"));
}

TEST(is_loopback, knows_what_others_can_reach) {
    for (const auto* address : {"127.0.0.1", "127.9.9.9", "::1"})
        EXPECT_TRUE(is_loopback(address)) << address;
    for (const auto* address : {"0.0.0.0", "::", "10.0.0.1", "localhost"})
        EXPECT_FALSE(is_loopback(address)) << address;
}

} // namespace
} // namespace app
