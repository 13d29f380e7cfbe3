// The settings of an export, already checked.
#pragma once

#include "db/side_effects.hpp"
#include "lake/day.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace exports {

enum class destination : std::uint8_t { directory, lake };

struct settings {
    std::filesystem::path tasks; // DSL_PATH
    destination to = destination::directory;
    std::filesystem::path directory;   // EXPORT_PATH
    std::string container;             // of the lake
    std::string folder;                // in it, "" or "some/folder"
    std::string time_zone = "UTC";     // its midnight is the boundary, and times are written in it
    std::optional<lake::day> boundary; // the midnight with which this day begins; nullopt: today's
    bool dry_run = false;
    db::side_effects side_effects = db::side_effects::refuse;
    std::size_t memory_bytes = std::size_t{32} << 20;
    std::size_t parallel = 4; // tasks at a time, where more than one is asked for
    std::chrono::milliseconds lock_wait{1'000};
    std::chrono::milliseconds settle_wait{30'000};
};

} // namespace exports
