#include "app/observe/termination_message.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace app {
namespace {

TEST(termination_message, has_exit_code_sentence_and_hint) {
    EXPECT_EQ(termination_message(3, "no such table", "Check the name."),
              "exit 3: no such table\nCheck the name.\n");
    EXPECT_EQ(termination_message(0, "nothing was due", ""), "exit 0: nothing was due\n");
}

TEST(termination_message, fits_what_the_kubelet_keeps_and_cuts_no_character) {
    for (std::size_t length = 4'070; length < 4'110; ++length) {
        const auto text = termination_message(1, std::string(length, 'x') + "üüüüüüüüüü", "");
        EXPECT_LE(text.size(), 4'096U);
        EXPECT_TRUE(text.ends_with("\n"));
        const auto cut = text.find("…");
        if (cut != std::string::npos) {
            EXPECT_TRUE(text[cut - 1] == 'x' || static_cast<unsigned char>(text[cut - 1]) == 0xbc);
        }
    }
}

TEST(write_termination_message, replaces_what_was_there) {
    const auto path =
        std::filesystem::temp_directory_path() / ("termination-log-" + std::to_string(::getpid()));
    std::ofstream(path) << "something longer than the message";
    EXPECT_TRUE(write_termination_message(path.string(), "short"));
    std::ifstream file(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "short");
    std::filesystem::remove(path);
}

TEST(write_termination_message, says_when_it_cannot) {
    EXPECT_FALSE(write_termination_message("/nonexistent/log", "text"));
}

} // namespace
} // namespace app
