#include "app/serve/readiness.hpp"

#include "async/error.hpp"
#include "async/race.hpp"

#include <fmt/format.h>

#include <chrono>
#include <unistd.h>

namespace app {

using namespace std::chrono_literals;
using async::awaitable;

namespace {

constexpr std::chrono::seconds fresh_for{2};
constexpr std::chrono::seconds output_good_for{30}; // each request to a lake is paid for
constexpr std::chrono::seconds patience{3};         // for each; less than a probe's own

awaitable<void> ask(db::connection& session) { (void)co_await session.query("SELECT 1"); }

// A stat, which a local directory answers at once; for one on a network it is what is to be found out.
std::string problem_of_directory(const std::filesystem::path& path) {
    std::error_code failed;
    if (!std::filesystem::is_directory(path, failed))
        return fmt::format("there is no directory '{}'", path.string());
    if (::access(path.c_str(), R_OK | X_OK) != 0)
        return fmt::format("the directory '{}' cannot be read", path.string());
    return {};
}

} // namespace

readiness::readiness(const async::asio::any_io_executor& executor, db::database_access database,
                     std::filesystem::path tasks, exports::sink& output)
    : database_(database)
    , tasks_(std::move(tasks))
    , output_(output)
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
    auto database = co_await problem_of_database();
    checks.push_back({"database", std::move(database)});
    checks.push_back({"tasks", problem_of_directory(tasks_)});
    if (output_good_until_.passed()) {
        auto output = co_await problem_of_output();
        output_good_until_ = async::deadline::after(output.empty() ? output_good_for : 0s);
        checks.push_back({"output", std::move(output)});
    } else {
        checks.push_back({"output", {}});
    }
    co_return checks;
}

awaitable<std::string> readiness::problem_of_database() {
    try {
        co_await async::with_deadline(db::with_session(database_, ask), async::deadline::after(patience),
                                      "the database");
    } catch (const async::error& failed) {
        co_return failed.message();
    }
    co_return std::string();
}

awaitable<std::string> readiness::problem_of_output() {
    try {
        co_return co_await async::with_deadline(output_.obstacle(), async::deadline::after(patience),
                                                output_.place());
    } catch (const async::error& failed) {
        co_return failed.message();
    }
}

} // namespace app
