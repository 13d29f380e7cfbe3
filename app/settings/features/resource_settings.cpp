// The resources of a run.
// Tested by tests/unit/app/settings/configuration_test.cpp.
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"

#include <array>
#include <variant>

namespace app {

namespace {

constexpr std::array resource_rows{
    option{"ARCHIVE_PARALLEL", "--parallel", "4", "N",
           "days or table ranges in flight, each with a database connection (1 to 256)"},
    option{"ARCHIVE_MEMORY", "--memory", "32MiB", "SIZE", "limit for all buffers together (at least 1MiB)"},
    option{"ARCHIVE_RATE_LIMIT", "--rate-limit", "", "SIZE", "bytes a second read from the database"},
};

parsed<std::uint64_t> parse_memory(std::string_view text) {
    constexpr std::uint64_t smallest = std::uint64_t{1} << 20;
    constexpr std::uint64_t largest = std::uint64_t{1} << 40;
    auto size = parse_size(text);
    if (const auto* bytes = std::get_if<0>(&size);
        bytes != nullptr && (*bytes < smallest || *bytes > largest))
        return "give at least 1MiB and at most 1TiB";
    return size;
}

parsed<std::uint64_t> parse_rate(std::string_view text) {
    auto size = parse_size(text);
    if (const auto* bytes = std::get_if<0>(&size); bytes != nullptr && *bytes < 1024)
        return "give at least 1KiB a second";
    return size;
}

void check_resources(checker& settings) {
    auto& job = settings.value().job;
    settings.read("ARCHIVE_PARALLEL", job.parallel, count_from(1, 256));
    settings.read("ARCHIVE_MEMORY", job.memory_bytes, parse_memory);
    settings.read("ARCHIVE_RATE_LIMIT", job.rate_limit, parse_rate);
}

} // namespace

feature resource_settings() noexcept { return {"Resources", resource_rows, check_resources}; }

} // namespace app
