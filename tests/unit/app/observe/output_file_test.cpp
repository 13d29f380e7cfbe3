#include "app/observe/output_file.hpp"
#include "async/error.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <gtest/gtest.h>

#include <iterator>

namespace app {
namespace {

std::string text_in(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(output_file, appears_whole_or_stays_as_it_was) {
    const rig::temporary_folder folder;
    const auto path = folder.path / "page";
    std::ofstream(path) << "before";
    { const output_file unwritten(path); }
    EXPECT_EQ(text_in(path), "before");
    output_file file(path);
    EXPECT_EQ(text_in(path), "before");
    file.write("after");
    EXPECT_EQ(text_in(path), "after");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path), {}), 1) << "nothing beside it";
}

TEST(output_file, is_refused_where_there_is_no_directory) {
    EXPECT_THROW(output_file("/nonexistent/page"), async::error);
}

} // namespace
} // namespace app
