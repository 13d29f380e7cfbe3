#include "app/serve/exports/export_probes.hpp"

#include <fmt/format.h>

#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace app {

namespace {

constexpr std::chrono::seconds output_good_for{30}; // each request to a lake is paid for

// A local directory answers a stat at once. For a directory on a network, the probe finds out whether it
// answers.
async::awaitable<std::string> problem_of_tasks(std::filesystem::path path) {
    std::error_code failed;
    if (!std::filesystem::is_directory(path, failed))
        co_return fmt::format("there is no directory '{}'", path.string());
    if (::access(path.c_str(), R_OK | X_OK) != 0)
        co_return fmt::format("the directory '{}' cannot be read", path.string());
    co_return std::string();
}

} // namespace

readiness_probe tasks_probe(std::filesystem::path directory) {
    return {"tasks", [directory = std::move(directory)] { return problem_of_tasks(directory); }};
}

readiness_probe output_probe(exports::sink& output) {
    return {"output", [&output] { return output.obstacle(); }, output_good_for};
}

} // namespace app
