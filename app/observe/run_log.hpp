// The log of a run, in the format that was asked for.
#pragma once

#include "app/observe/line_log.hpp"
#include "app/observe/screen_line.hpp"
#include "app/observe/summary.hpp"
#include "app/settings/configuration.hpp"
#include "async/log.hpp"

#include <exception>
#include <memory>
#include <string>

namespace app {

// The log, and the line on the terminal that has to step aside for it.
struct run_log {
    std::unique_ptr<async::log> log;
    screen_line* display = nullptr;
    bool text = false;

    // `shown`: for commands that run for long, and whose processes people look for by their ids.
    run_log(const configuration& settings, const std::string& run_id,
            process_id shown = process_id::left_out);
    // One more log to the same place, whose every line carries this field.
    [[nodiscard]] std::unique_ptr<async::log> with(constant_field always);
    run_log(const run_log&) = delete;
    run_log& operator=(const run_log&) = delete;

  private:
    [[nodiscard]] std::unique_ptr<async::log> make(constant_field always);
    async::log_level level_;
    std::string run_id_;
    process_id shown_;
};

// The fields that the log has of a failure.
struct failure_facts {
    std::string type; // as a word: "temporary"
    std::string message;
    std::string hint;
};
// Logs "run.error" with all that is known of it.
failure_facts log_failure(async::log& log, const std::exception_ptr& failed, int code);

} // namespace app
