#include "tests/unit/app/settings/environment.hpp"

#include <gmock/gmock.h>

namespace app {
namespace {

using rig::environment_of;
using rig::needed;
using rig::variables;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

checked_configuration exporting_with(const variables& given, const variables& flags = {}) {
    auto environment = needed();
    for (const auto& [name, text] : given)
        environment[name] = text;
    const auto lookup = environment_of(environment);
    return check(collect(flags, lookup), lookup, purpose::exports);
}

TEST(exporting_settings, put_files_of_the_lake_beside_the_archive) {
    const auto beside = exporting_with({{"EXPORT_TO", "lake"}, {"ARCHIVE_PATH", "box/days"}});
    EXPECT_THAT(beside.mistakes, IsEmpty());
    EXPECT_EQ(beside.value.exporting.container, "box");
    EXPECT_EQ(beside.value.exporting.folder, "days/exports");
    const auto own = exporting_with({{"EXPORT_TO", "lake"}, {"EXPORT_LAKE_PATH", "other"}});
    EXPECT_EQ(own.value.exporting.container, "other");
    EXPECT_EQ(own.value.exporting.folder, "");
}

TEST(exporting_settings, tell_a_mistake_in_a_path_once) {
    EXPECT_THAT(exporting_with({{"EXPORT_TO", "lake"}, {"ARCHIVE_PATH", "X"}}).mistakes,
                ElementsAre("ARCHIVE_PATH is 'X': the container's name must have 3 to 63 characters"));
    EXPECT_THAT(exporting_with({{"EXPORT_TO", "lake"}, {"EXPORT_LAKE_PATH", "X"}}).mistakes,
                ElementsAre("EXPORT_LAKE_PATH is 'X': the container's name must have 3 to 63 characters"));
}

TEST(exporting_settings, take_the_flag_for_side_effects_before_the_variable) {
    const auto checked = exporting_with({{"EXPORT_SIDE_EFFECTS", "refuse"}}, {{"--side-effects", "allow"}});
    EXPECT_EQ(checked.value.exporting.side_effects, db::side_effects::allow);
    EXPECT_THAT(exporting_with({}, {{"--side-effects", "x"}}).mistakes,
                ElementsAre("--side-effects is 'x': give one of refuse, allow"));
}

TEST(exporting_settings, need_no_account_for_a_directory) {
    const variables database{{"DB_URI", "postgresql://exporter@db/name"}};
    const auto lookup = environment_of(database);
    EXPECT_THAT(check(collect({}, lookup), lookup, purpose::exports).mistakes, IsEmpty());
}

} // namespace
} // namespace app
