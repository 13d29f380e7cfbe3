// The settings of `serve`, already checked.
// Tested by tests/unit/app/settings/features/serving_settings_test.cpp.
#pragma once

#include "app/settings/parse.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace app {

enum class api : unsigned char { exports, live, timestamps, builds, events };
using api_set = std::set<api>;
inline constexpr std::array<std::string_view, 5> api_names{"exports", "live", "timestamps", "builds",
                                                           "events"};

// "exports,live": one name or more, none twice.
[[nodiscard]] parsed<api_set> parse_apis(std::string_view text);
[[nodiscard]] std::string_view to_string(api which) noexcept;
// The port of a service that offers these APIs: the port of a single one, or that of exports for several.
[[nodiscard]] std::uint16_t port_of(const api_set& apis) noexcept;

struct serve_settings {
    api_set apis{api::exports};
    std::string address = "127.0.0.1";
    std::uint16_t port = 8002;
    std::string token;                  // empty: none is required
    std::string live_secret = "secret"; // the secret that POST /liveEvent requires
    std::vector<std::string> hosts;     // names it is asked under, beside those of the loopback
    std::size_t connections = 1024;
    std::chrono::milliseconds client_timeout{30'000};
    std::chrono::milliseconds grace{20'000};

    [[nodiscard]] bool offers(api which) const { return apis.contains(which); }
    // An API that appends to the journal; the others answer from the database.
    [[nodiscard]] bool takes_events() const {
        return offers(api::events) || offers(api::live) || offers(api::timestamps);
    }
    // Some API accepts events.
    [[nodiscard]] bool has_journal() const { return apis.size() > (offers(api::exports) ? 1U : 0U); }
};

// Whether only programs of this machine can reach this address.
[[nodiscard]] bool is_loopback(std::string_view address);

} // namespace app
