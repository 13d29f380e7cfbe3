#include "app/cli/purpose.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

command_line asked(command which) {
    command_line made;
    made.command = which;
    return made;
}

TEST(purpose_of, follows_the_command) {
    EXPECT_EQ(purpose_of(asked(command::archive), {}), purpose::archive);
    EXPECT_EQ(purpose_of(asked(command::list), {}), purpose::inventory);
    EXPECT_EQ(purpose_of(asked(command::export_tasks), {}), purpose::exports);
    EXPECT_EQ(purpose_of(asked(command::serve), {}), purpose::serving);
    auto recover = asked(command::recover);
    EXPECT_EQ(purpose_of(recover, {}), purpose::archive);
    recover.exports = true;
    EXPECT_EQ(purpose_of(recover, {}), purpose::exports);
}

TEST(purpose_of, config_goes_by_the_database_that_is_given) {
    texts given;
    EXPECT_EQ(purpose_of(asked(command::config), given), purpose::archive);
    given.values["DB_URI"] = {"postgresql://db/name", source::environment};
    EXPECT_EQ(purpose_of(asked(command::config), given), purpose::serving);
    given.values["PG_CONNECTION_STRING"] = {"postgresql://db/name", source::environment};
    EXPECT_EQ(purpose_of(asked(command::config), given), purpose::archive);
}

TEST(file_labels_of, tell_files_of_one_directory_apart) {
    configuration settings;
    settings.job.table = "log";
    settings.metrics.instance = "acme:box";
    EXPECT_EQ(file_labels_of(asked(command::archive), settings),
              (telemetry::label_list{{"command", "archive"}, {"table", "log"}, {"place", "acme:box"}}));
    auto exports = asked(command::export_tasks);
    exports.tasks = {"agency", "source"};
    EXPECT_EQ(file_labels_of(exports, settings)[1].second, "agency,source");
}

} // namespace
} // namespace app
