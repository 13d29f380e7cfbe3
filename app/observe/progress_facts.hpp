// The progress of a run, as far as it is known: decided from its report. Pure.
// Tested by tests/unit/app/observe/progress_test.cpp.
#pragma once

#include "archive/report.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace app {

struct progress_facts {
    std::string phase;
    // Of the whole run where its size is known, else of the phase; 1: all of it. nullopt: not known.
    std::optional<double> share = {};
    bool moves_rows = false; // rows and bytes are being read or uploaded
    std::uint64_t rows = 0;  // so far, of the whole run
    std::uint64_t bytes = 0; // the same: confirmed by storage where rows are uploaded, else read
    // So far, if events are counted instead of rows.
    std::optional<std::uint64_t> events = {};
    std::string counts = {}; // "days 12/40"
    std::chrono::duration<double> in_phase{};
    bool idle = false; // nothing to do, so nothing is shown

    // The number that the speed is measured by.
    [[nodiscard]] std::uint64_t amount() const noexcept { return events.value_or(bytes); }
};

[[nodiscard]] progress_facts facts_of(const archive::run_report& report);

} // namespace app
