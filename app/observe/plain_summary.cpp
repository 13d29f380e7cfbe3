#include "app/observe/plain_summary.hpp"

namespace app {

void log_summary(async::log& log, const plain_summary& facts, std::string_view sentence,
                 const std::vector<async::log_field>& more) {
    const auto cost = process_costs();
    std::vector<async::log_field> fields{
        {"status", status_of(facts.exit_code)}, {"exit_code", facts.exit_code}, {"command", facts.command}};
    fields.insert(fields.end(), more.begin(), more.end());
    fields.emplace_back("cpu_seconds", cost.cpu_seconds);
    fields.emplace_back("peak_memory_bytes", cost.peak_memory_bytes);
    fields.emplace_back("duration_ms",
                        std::chrono::duration_cast<std::chrono::milliseconds>(facts.duration).count());
    if (!facts.failed.type.empty())
        fields.emplace_back("error.type", facts.failed.type);
    log.summary("run.summary", sentence, fields);
}

} // namespace app
