// What `serve` is told, already checked.
// Tested by tests/unit/app/settings/serving_settings_test.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace app {

struct serve_settings {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8002;
    std::string token;              // empty: nobody has to show one
    std::vector<std::string> hosts; // names it is asked under, beside those of the loopback
    std::size_t connections = 1024;
    std::chrono::milliseconds client_timeout{30'000};
    std::chrono::milliseconds grace{20'000};
};

// Whether only programs of this machine can reach this address.
[[nodiscard]] bool is_loopback(std::string_view address);

} // namespace app
