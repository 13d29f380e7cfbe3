#include "app/cli/read_command.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

std::string mistake_of(command_words given) {
    auto read = read_command(std::move(given));
    return std::holds_alternative<std::string>(read) ? std::get<std::string>(read) : "";
}

TEST(read_command, makes_types_of_texts) {
    auto read = read_command(
        {command::list, {{"--path", "box"}}, {{"--from", "2024-01-02"}, {"--output", "json"}}, {}});
    const auto& made = std::get<command_line>(read);
    EXPECT_EQ(made.command, command::list);
    EXPECT_EQ(made.flags.at("--path"), "box");
    EXPECT_EQ(made.days.first, lake::day::from_text("2024-01-02"));
    EXPECT_EQ(made.output, output_format::json);
}

TEST(read_command, takes_tasks_and_their_boundary) {
    auto read = read_command({command::export_tasks, {}, {{"--boundary", "2024-01-02"}}, {"agency"}});
    const auto& made = std::get<command_line>(read);
    EXPECT_EQ(made.tasks, std::vector<std::string>{"agency"});
    EXPECT_EQ(made.boundary, lake::day::from_text("2024-01-02"));
}

TEST(read_command, refuses_an_empty_value) {
    EXPECT_EQ(mistake_of({command::list, {{"--path", ""}}, {}, {}}), empty_value("--path"));
    EXPECT_EQ(mistake_of({command::list, {}, {{"--from", ""}}, {}}), empty_value("--from"));
}

TEST(read_command, refuses_what_does_not_go_together) {
    EXPECT_EQ(mistake_of({command::list, {}, {{"--calendar", "true"}, {"--output", "json"}}, {}}),
              "--calendar is a picture in text: leave out either it or -o json");
    EXPECT_EQ(mistake_of({command::projections, {}, {{"--detach", "true"}, {"--output", "json"}}, {}}),
              "--detach prints nothing: leave out either it or -o json");
    EXPECT_EQ(mistake_of({command::recover, {}, {{"--adopt", "true"}, {"--keep", "file"}}, {}}),
              "--adopt is about the folder, --keep and --discard about one file: give one of them");
    EXPECT_EQ(mistake_of({command::recover, {{"--table", "log"}}, {{"--exports", "true"}}, {}}),
              "recover with --exports does not use --table");
}

} // namespace
} // namespace app
