#include "archive/report.hpp"

namespace archive {

std::string_view to_string(run_phase phase) noexcept {
    switch (phase) {
    case run_phase::connecting:
        return "connecting";
    case run_phase::settling:
        return "settling";
    case run_phase::planning:
        return "planning";
    case run_phase::restoring:
        return "restoring";
    case run_phase::staging:
        return "staging";
    case run_phase::deleting:
        return "deleting";
    case run_phase::publishing:
        return "publishing";
    case run_phase::committing:
        return "committing";
    case run_phase::finishing:
        return "finishing";
    case run_phase::verifying:
        return "verifying";
    case run_phase::rewriting:
        return "rewriting";
    case run_phase::done:
        break;
    }
    return "done";
}

void run_report::enter(run_phase next, clock::time_point now) noexcept {
    spent_ = time_by_phase(now);
    entered_ = now;
    phase = next;
    files_planned = files_done = 0;
}

std::array<run_report::clock::duration, run_phases>
run_report::time_by_phase(clock::time_point now) const noexcept {
    auto times = spent_;
    times[static_cast<std::size_t>(phase)] += now - entered_;
    return times;
}

} // namespace archive
