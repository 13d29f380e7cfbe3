// The projections that run, and where they are found.
// Tested by tests/unit/app/settings/journal_settings_test.cpp.
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"
#include "async/ascii.hpp"

#include <algorithm>
#include <array>

namespace app {

namespace {

constexpr std::string_view project_words[] = {"all", "none"}; // in place of names

constexpr std::array projecting_rows{
    rows::of_serving(rows::list_of(
        project_words,
        {"PROJECT", "--project", "", "NAMES",
         "the projections to run: names, `all` or `none`; unset: `serve` runs those of its APIs, other "
         "commands take all"})),
    rows::of_serving(
        {"PROJECTIONS_PATH", "--projections", "", "DIRS",
         "directories of your own projections, in addition to the shipped ones; separated by colons"}),
    rows::of_serving({"LIVE_WINDOW_FILES", "--window-files", "", "DIR",
                      "write the live events as `server_events_*.jsonl` there too, with "
                      "`processor_offset.json`"}),
    rows::of_serving({"PROJECT_HEALTH_PORT", "--health-port", "", "PORT",
                      "where `project` answers /livez, /readyz, /health and /metrics, on the address of "
                      "SERVE_ADDRESS; 0: any that is free, see the log; unset: nowhere"}),
};

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_' ||
               letter == '-';
    });
}

void check_projecting(checker& settings) {
    if (!settings.uses_journal())
        return;
    auto& projections = settings.value().projections;
    const auto& names = settings["PROJECT"];
    if (names.text == "none") {
        projections.choice = projection_choice::none;
    } else if (names.text == "all") {
        projections.choice = projection_choice::all;
    } else if (names.set()) {
        projections.choice = projection_choice::named;
        for (const auto each : async::split(names.text, ','))
            projections.names.emplace_back(async::trimmed(each));
        if (!std::ranges::all_of(projections.names, is_name))
            settings.mistake("PROJECT", "give names of projections, separated by commas, or all, or none");
    }
    if (const auto& paths = settings["PROJECTIONS_PATH"]; paths.set()) {
        for (const auto each : async::split(paths.text, ':'))
            projections.paths.emplace_back(each);
        if (std::ranges::any_of(projections.paths, [](const auto& each) { return each.empty(); }))
            settings.mistake("PROJECTIONS_PATH", "give directories, separated by colons");
    }
    projections.window_files = settings["LIVE_WINDOW_FILES"].text;
    if (settings.purpose() == purpose::projecting && settings["PROJECT_HEALTH_PORT"].set()) {
        std::uint16_t port = 0;
        settings.read("PROJECT_HEALTH_PORT", port, count_from(0, 65'535));
        projections.health_port = port;
    }
}

} // namespace

feature projecting_settings() noexcept { return {"Projections", projecting_rows, check_projecting}; }

} // namespace app
