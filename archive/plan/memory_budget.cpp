#include "archive/plan/memory_budget.hpp"

#include <algorithm>

namespace archive {

namespace {

// Measured: 200 KiB with TLS for libpq's two buffers, HTTP's receive buffer and the records of TLS, and for
// what malloc loses between them and the pages.
constexpr std::size_t connections_of_a_lane = std::size_t{384} * 1024;
// The plan, files and block ids: 1 MiB is 700 days.
constexpr std::size_t lists_of_a_run = std::size_t{1024} * 1024;

} // namespace

std::size_t memory_for_rows(std::size_t memory_bytes, std::size_t parallel) noexcept {
    const auto beside = std::min(lists_of_a_run + parallel * connections_of_a_lane, memory_bytes / 2);
    return memory_bytes - beside;
}

} // namespace archive
