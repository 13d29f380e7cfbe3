#include "app/readiness.hpp"

#include "async/error.hpp"
#include "async/race.hpp"

#include <fmt/format.h>

#include <chrono>
#include <unistd.h>

namespace app {

using async::awaitable;

namespace {

constexpr std::chrono::seconds fresh_for{2};
constexpr std::chrono::seconds database_patience{3}; // less than a probe's own

awaitable<void> ask(db::connection& session) { (void)co_await session.query("SELECT 1"); }

// A stat, which a local directory answers at once; for one on a network it is what is to be found out.
std::string problem_of_directory(const std::filesystem::path& path, int mode) {
    std::error_code failed;
    if (!std::filesystem::is_directory(path, failed))
        return fmt::format("there is no directory '{}'", path.string());
    if (::access(path.c_str(), mode) != 0)
        return fmt::format("the directory '{}' cannot be {}", path.string(),
                           (mode & W_OK) != 0 ? "written to" : "read");
    return {};
}

} // namespace

readiness::readiness(const async::asio::any_io_executor& executor, archive::database_access database,
                     std::filesystem::path tasks, std::filesystem::path output)
    : database_(database)
    , tasks_(std::move(tasks))
    , output_(std::move(output))
    , seen_(executor) {}

awaitable<std::vector<readiness_check>> readiness::look() {
    while (looking_)
        co_await seen_.wait();
    if (!fresh_until_.passed())
        co_return last_;
    struct mark {
        readiness& owner;
        explicit mark(readiness& one)
            : owner(one) {
            owner.looking_ = true;
        }
        mark(const mark&) = delete;
        mark& operator=(const mark&) = delete;
        ~mark() {
            owner.looking_ = false;
            owner.seen_.notify_all();
        }
    } const looking(*this);
    last_ = co_await look_now();
    fresh_until_ = async::deadline::after(fresh_for);
    co_return last_;
}

awaitable<std::vector<readiness_check>> readiness::look_now() {
    std::vector<readiness_check> checks;
    auto problem = co_await problem_of_database();
    checks.push_back({"database", std::move(problem)});
    checks.push_back({"tasks", problem_of_directory(tasks_, R_OK | X_OK)});
    if (!output_.empty())
        checks.push_back({"output", problem_of_directory(output_, W_OK | X_OK)});
    co_return checks;
}

awaitable<std::string> readiness::problem_of_database() {
    try {
        co_await async::with_deadline(archive::with_session(database_, ask),
                                      async::deadline::after(database_patience), "the database");
    } catch (const async::error& failed) {
        co_return failed.message();
    }
    co_return std::string();
}

} // namespace app
