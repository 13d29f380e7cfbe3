#include "async/error.hpp"
#include "db/sql/sql_file.hpp"
#include "exports/task/task.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace exports {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view copy = "COPY (SELECT 1) TO STDOUT WITH CSV HEADER;\n";
constexpr std::string_view removal = "DELETE FROM t;\n";

class tasks : public testing::Test {
  protected:
    tasks() { fs::create_directories(folder_); }
    ~tasks() override { fs::remove_all(folder_); }

    void write(const std::string& file, std::string_view text) const {
        const auto path = folder_ / file;
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }
    void write_task(const std::string& name) const {
        write(name + "/select.sql", copy);
        write(name + "/delete.sql", removal);
    }
    [[nodiscard]] std::string mistake_of(const std::string& name) const {
        const auto found = read_task(folder_, name);
        return found ? found->mistake : "there is none";
    }

    fs::path folder_ = testing::TempDir() + "tasks-" + std::to_string(::getpid());
};

TEST_F(tasks, are_the_directories_by_name) {
    write_task("source_file");
    write_task("agency");
    write_task("Ω");
    write_task(".hidden");
    write("README.md", "stray");
    fs::create_directories(folder_ / "lost+found");
    fs::create_directory_symlink(folder_ / "agency", folder_ / "alias");
    const auto found = read_tasks(folder_);
    std::vector<std::string> names;
    for (const auto& each : found)
        names.push_back(each.name);
    EXPECT_THAT(names, ElementsAre("agency", "alias", "source_file", "Ω"));
    EXPECT_EQ(found[0].select_sql, copy);
    EXPECT_EQ(found[0].delete_sql, removal);
    EXPECT_EQ(found[0].mistake, "");
    EXPECT_THAT(found[3].mistake, HasSubstr("name cannot be a task's"));
}

TEST_F(tasks, that_are_broken_say_why_and_spoil_only_themselves) {
    write_task("good");
    write("no_delete/select.sql", copy);
    write("empty/select.sql", " \n");
    write("empty/delete.sql", removal);
    write("percent/select.sql", copy);
    write("percent/delete.sql", "DELETE FROM t\nWHERE a LIKE '%'");
    write("shape/select.sql", "SELECT 1");
    write("shape/delete.sql", removal);
    write("nul/select.sql", std::string("COPY\0", 5));
    write("nul/delete.sql", removal);
    write("large/select.sql", copy);
    write("large/delete.sql", std::string(db::sql_bytes_max + 1, ' '));
    fs::create_directories(folder_ / "directory" / "select.sql");
    fs::create_directories(folder_ / "neither");
    write_task("pipe");
    fs::remove(folder_ / "pipe/delete.sql");
    ASSERT_EQ(::mkfifo((folder_ / "pipe/delete.sql").c_str(), 0600), 0);
    EXPECT_EQ(mistake_of("good"), "");
    EXPECT_EQ(mistake_of("no_delete"), "'no_delete/delete.sql' is missing");
    EXPECT_EQ(mistake_of("empty"), "'empty/select.sql' is empty");
    EXPECT_THAT(mistake_of("percent"), HasSubstr("'percent/delete.sql', line 2: '%'' is not a placeholder"));
    EXPECT_THAT(mistake_of("shape"), HasSubstr("'shape/select.sql', line 1: it begins with 'SELECT'"));
    EXPECT_THAT(mistake_of("nul"), HasSubstr("NUL"));
    EXPECT_THAT(mistake_of("large"), HasSubstr("larger than 1 MiB"));
    EXPECT_THAT(mistake_of("directory"), HasSubstr("is not a file"));
    EXPECT_THAT(mistake_of("neither"), HasSubstr("'neither/select.sql' is missing"));
    EXPECT_THAT(mistake_of("pipe"), HasSubstr("is not a file"));
    EXPECT_EQ(read_tasks(folder_).size(), 10U);
}

TEST_F(tasks, outside_of_the_directory_are_not_found) {
    write_task("agency");
    for (const auto* const name :
         {"", ".", "..", "../tasks", "agency/", "agency/select.sql", "Agency", "nobody"})
        EXPECT_FALSE(read_task(folder_ / "agency", name)) << name;
    EXPECT_TRUE(read_task(folder_, "agency"));
}

TEST_F(tasks, need_a_directory) {
    EXPECT_THROW(read_tasks(folder_ / "nowhere"), async::error);
    write("file", "");
    EXPECT_THROW(read_tasks(folder_ / "file"), async::error);
    EXPECT_TRUE(read_tasks(folder_).empty());
}

} // namespace
} // namespace exports
