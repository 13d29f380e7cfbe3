#include "async/error.hpp"
#include "events/projection/definition.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <gmock/gmock.h>
#include <unistd.h>

namespace events {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class definitions : public testing::Test {
  protected:
    definitions() { fs::create_directories(folder_); }
    ~definitions() override { fs::remove_all(folder_); }

    void write(const std::string& file, std::string_view text) const {
        const auto path = folder_ / file;
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    [[nodiscard]] std::string mistake() const { return read_projection(folder_ / "shop").mistake; }

    fs::path folder_ = testing::TempDir() + "projections-" + std::to_string(::getpid());
};

TEST_F(definitions, have_what_lies_in_the_directory) {
    write("shop/projection.conf", "topic = orders\n");
    write("shop/apply.sql", "SELECT $1");
    write("shop/migrations/002.sql", "SELECT 2");
    write("shop/migrations/001.sql", "SELECT 1");
    write("shop/migrations/readme.txt", "no SQL");
    write("shop/plugins/b/apply.sql", "SELECT $1, $4");
    write("shop/plugins/b/migrations/001.sql", "SELECT 3");
    write("shop/plugins/a/api/x.sql", "-- GET /x\nSELECT 1");
    write("shop/api/order.sql", "-- GET /orders\nSELECT 1");
    const auto found = read_projection(folder_ / "shop");
    EXPECT_EQ(found.mistake, "");
    EXPECT_EQ(found.name, "shop");
    std::vector<std::string> migrations;
    for (const auto& each : found.migrations)
        migrations.push_back(each.name);
    EXPECT_THAT(migrations,
                ElementsAre("migrations/001.sql", "migrations/002.sql", "plugins/b/migrations/001.sql"));
    ASSERT_EQ(found.plugins.size(), 2U);
    EXPECT_EQ(found.plugins[0].name, "a");
    EXPECT_TRUE(found.plugins[0].apply.statements.empty());
    EXPECT_TRUE(found.plugins[1].apply.needs_positions());
    EXPECT_EQ(found.api.size(), 2U);
}

TEST_F(definitions, mistakes_name_file_and_line) {
    fs::create_directories(folder_ / "shop");
    EXPECT_EQ(mistake(), "'shop/projection.conf' is missing");
    write("shop/projection.conf", "topic = orders\nfoo = 1");
    EXPECT_THAT(mistake(), HasSubstr("'shop/projection.conf', line 2: 'foo' is not a setting"));
    write("shop/projection.conf", "topic = orders");
    EXPECT_EQ(mistake(), "'shop/apply.sql' is missing");
    write("shop/apply.sql", "SELECT $1;\nCOMMIT");
    EXPECT_THAT(mistake(), HasSubstr("'shop/apply.sql', line 2: COMMIT"));
    write("shop/apply.sql", " ");
    EXPECT_EQ(mistake(), "'shop/apply.sql' is empty");
    write("shop/apply.sql", "SELECT $1");
    write("shop/migrations/001.sql", "BEGIN");
    EXPECT_THAT(mistake(), HasSubstr("'shop/migrations/001.sql', line 1: BEGIN"));
    write("shop/migrations/001.sql", "SELECT 1");
    write("shop/projection.conf", "topic = orders\nplugins = usage");
    EXPECT_THAT(mistake(), HasSubstr("names a plugin 'usage', which has no directory"));
    write("shop/plugins/usage/apply.sql", "SELECT $9");
    EXPECT_THAT(mistake(), HasSubstr("'shop/plugins/usage/apply.sql', line 1: there is no parameter $9"));
}

TEST_F(definitions, a_later_place_counts) {
    for (const auto* place : {"one", "two"}) {
        write(std::string(place) + "/shop/projection.conf", "topic = " + std::string(place));
        write(std::string(place) + "/shop/apply.sql", "SELECT $1");
    }
    write("one/lost+found/x", "");
    const auto found = read_projections({folder_ / "one", folder_ / "two/"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_THAT(found[0].settings.topics, ElementsAre("two"));
    EXPECT_EQ(read_projections({folder_ / "one" / "shop"}).size(), 1U);
    EXPECT_THROW((void)read_projections({folder_ / "nowhere"}), async::error);
}

TEST_F(definitions, have_names_that_fit_into_one_of_a_schema) {
    EXPECT_TRUE(is_projection_name("users_revenue-2"));
    for (const auto* bad : {"", "-a", "a b", "a.b", "a@b", "a/b"})
        EXPECT_FALSE(is_projection_name(bad)) << bad;
}

} // namespace
} // namespace events
