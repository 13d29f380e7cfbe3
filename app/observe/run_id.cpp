#include "app/observe/run_id.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>

namespace app {

std::string random_hex(std::size_t bytes) {
    std::random_device device; // getrandom(2) in libstdc++
    std::string text;
    while (text.size() < bytes * 2)
        text += fmt::format("{:08x}", device());
    text.resize(bytes * 2);
    return text;
}

std::string new_run_id() {
    using namespace std::chrono;
    const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    const auto time = fmt::format("{:012x}", now);
    const auto random = random_hex(10);
    // The variant's two bits are 10.
    constexpr std::string_view variants = "89ab";
    const auto variant = variants[static_cast<std::size_t>(random[3]) % 4];
    return fmt::format("{}-{}-7{}-{}{}-{}", time.substr(0, 8), time.substr(8, 4), random.substr(0, 3),
                       variant, random.substr(4, 3), random.substr(8, 12));
}

} // namespace app
