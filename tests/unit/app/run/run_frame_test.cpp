#include "app/run/run_frame.hpp"
#include "async/error.hpp"
#include "tests/unit/app/settings/environment.hpp"

#include <boost/json/parse.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <iterator>
#include <sstream>

namespace app {
namespace {

using ::testing::ElementsAre;

std::exception_ptr cancelled() {
    try {
        async::throw_cancelled();
    } catch (...) {
        return std::current_exception();
    }
}

std::exception_ptr temporary() {
    return std::make_exception_ptr(async::error(async::failure::temporary, "no answer", "Try again."));
}

struct scripted_command : framed_command {
    std::function<work_end()> script;
    bool traced = true;
    run_outcome outcome = {};

    explicit scripted_command(std::function<work_end()> made)
        : script(std::move(made)) {}

    [[nodiscard]] bool has_trace() const override { return traced; }
    [[nodiscard]] work_end work(run_frame& /*frame*/) override { return script(); }
    void ended(const run_outcome& decided) override { outcome = decided; }
    [[nodiscard]] std::optional<std::vector<telemetry::metric>> metrics() const override {
        return std::vector<telemetry::metric>{};
    }
    [[nodiscard]] std::string sentence() const override { return "moved 3 rows"; }
    void log_summary(async::log& log) const override { log.info("run.summary", sentence()); }
};

struct frame_run {
    int exit_code;
    std::vector<std::string> events; // of the log
};

frame_run run_framed(const configuration& settings, framed_command& command) {
    ::testing::internal::CaptureStderr();
    const int code = run_frame(settings).run(command);
    frame_run made{code, {}};
    std::istringstream lines(::testing::internal::GetCapturedStderr());
    for (std::string line; std::getline(lines, line);)
        made.events.emplace_back(boost::json::parse(line).at("event").as_string());
    return made;
}

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

class frame : public ::testing::Test {
  protected:
    frame() {
        settings.format = log_format::json;
        settings.termination_log = (folder.path / "end").string();
    }

    rig::temporary_folder folder;
    configuration settings;
};

TEST_F(frame, exits_with_what_the_work_found) {
    scripted_command command([] { return work_end{.exit_code = exit_code::integrity}; });
    const auto run = run_framed(settings, command);
    EXPECT_EQ(run.exit_code, exit_code::integrity);
    EXPECT_TRUE(command.outcome.succeeded);
    EXPECT_THAT(run.events, ElementsAre("run.summary"));
    EXPECT_EQ(content_of(settings.termination_log), "exit 7: moved 3 rows\n");
}

TEST_F(frame, tells_a_failure_before_anything_else) {
    scripted_command command([] { return work_end{.failed = temporary()}; });
    const auto run = run_framed(settings, command);
    EXPECT_EQ(run.exit_code, exit_code::temporary);
    EXPECT_FALSE(command.outcome.succeeded);
    EXPECT_EQ(command.outcome.failed.type, "temporary");
    EXPECT_THAT(run.events, ElementsAre("run.error", "run.summary"));
    EXPECT_EQ(content_of(settings.termination_log), "exit 5: no answer\nTry again.\n");
}

TEST_F(frame, takes_what_the_work_throws_for_its_failure) {
    scripted_command command([]() -> work_end { std::rethrow_exception(temporary()); });
    EXPECT_EQ(run_framed(settings, command).exit_code, exit_code::temporary);
}

TEST_F(frame, calls_only_a_cancelled_run_stopped) {
    scripted_command stopped([] { return work_end{.failed = cancelled(), .stopped_by = SIGTERM}; });
    const auto run = run_framed(settings, stopped);
    EXPECT_EQ(run.exit_code, 143);
    EXPECT_THAT(run.events, ElementsAre("run.stopped", "run.summary"));
    EXPECT_EQ(stopped.outcome.failed.message, "");

    scripted_command failed([] { return work_end{.failed = temporary(), .stopped_by = SIGTERM}; });
    EXPECT_EQ(run_framed(settings, failed).exit_code, exit_code::temporary);
}

TEST_F(frame, writes_metrics_and_termination_message_before_the_last_line) {
    settings.termination_log = (folder.path / "none" / "end").string();
    settings.metrics.file = (folder.path / "none" / "metrics").string();
    scripted_command command([] { return work_end{}; });
    EXPECT_THAT(run_framed(settings, command).events,
                ElementsAre("metrics.lost", "termination_log.lost", "run.summary"));
}

TEST_F(frame, draws_a_trace_of_those_that_have_one) {
    settings.trace = (folder.path / "trace").string();
    scripted_command without([] { return work_end{}; });
    without.traced = false;
    EXPECT_EQ(run_framed(settings, without).exit_code, exit_code::done);
    EXPECT_FALSE(std::filesystem::exists(settings.trace));
    scripted_command with([] { return work_end{}; });
    EXPECT_EQ(run_framed(settings, with).exit_code, exit_code::done);
    EXPECT_TRUE(content_of(settings.trace).ends_with("]}\n"));

    settings.trace = (folder.path / "none" / "trace").string();
    scripted_command refused([] { return work_end{}; });
    EXPECT_EQ(run_framed(settings, refused).exit_code, exit_code::usage);
}

} // namespace
} // namespace app
