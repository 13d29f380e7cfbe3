// The record that `serve` keeps of its runs: who asked for them, the last success of each task, and counts.
#pragma once

#include "exports/report.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace app {

class run_book {
  public:
    struct counts {
        std::array<std::uint64_t, 4> runs{}; // by outcome
        std::uint64_t rows = 0;              // exported and deleted
        std::uint64_t bytes = 0;             // of files
        exports::task_report last;
    };

    // If there are several requests for a run that has not begun, the first one counts.
    void asked_for(const std::string& task, const std::string& request_id);
    // The request that the beginning run answers; empty if there was no request.
    [[nodiscard]] std::string take_request_id(const std::string& task);
    void ended(const exports::task_report& report);

    // Null if there was none.
    [[nodiscard]] const exports::task_report* last_success(std::string_view task) const;
    [[nodiscard]] const std::map<std::string, counts, std::less<>>& by_task() const noexcept {
        return tasks_;
    }

  private:
    std::map<std::string, std::string, std::less<>> request_ids_;
    std::map<std::string, exports::task_report, std::less<>> successes_;
    std::map<std::string, counts, std::less<>> tasks_;
};

} // namespace app
