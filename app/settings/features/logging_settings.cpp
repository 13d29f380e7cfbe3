// The settings of what a run writes about itself: log, report, trace, termination message.
// Tested by tests/unit/app/settings/configuration_test.cpp.
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"

#include <array>
#include <utility>

namespace app {

namespace {

constexpr std::array<std::pair<std::string_view, async::log_level>, 4> levels{
    {{"debug", async::log_level::debug},
     {"info", async::log_level::info},
     {"warn", async::log_level::warn},
     {"error", async::log_level::error}}};
constexpr std::array<std::pair<std::string_view, log_format>, 3> log_formats{
    {{"auto", log_format::automatic}, {"text", log_format::text}, {"json", log_format::json}}};
constexpr auto level_words = rows::words_of(levels);
constexpr auto format_words = rows::words_of(log_formats);

constexpr std::array logging_rows{
    rows::one_of(level_words,
                 {"LOG_LEVEL", "--log-level", "info", "LEVEL", "`debug`, `info`, `warn` or `error`"}),
    rows::one_of(format_words, {"LOG_FORMAT", "--log-format", "auto", "FORMAT",
                                "`text`, `json`, or `auto`: text on a terminal"}),
    option{"ARCHIVE_TRACE", "--trace", "", "FILE",
           "write a timeline of the run to this file, for ui.perfetto.dev or chrome://tracing"},
    option{"ARCHIVE_REPORT", "--report", "", "FILE",
           "write a report of the run to this file, as a page for a browser that loads nothing"},
    option{"TERMINATION_LOG", "", "", "FILE",
           "write how the run ended to this file, in a sentence; unset: /dev/termination-log, if it exists"},
};

void check_logging(checker& settings) {
    auto& value = settings.value();
    settings.choose<async::log_level>("LOG_LEVEL", value.level, levels);
    settings.choose<log_format>("LOG_FORMAT", value.format, log_formats);
    value.trace = settings["ARCHIVE_TRACE"].text;
    value.report = settings["ARCHIVE_REPORT"].text;
    value.termination_log = settings["TERMINATION_LOG"].text;
}

} // namespace

feature logging_settings() noexcept { return {"What is told of a run", logging_rows, check_logging}; }

} // namespace app
