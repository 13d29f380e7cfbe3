#include "app/settings/serve_settings.hpp"

#include "app/settings/nearest.hpp"
#include "async/ascii.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace app {

namespace {

struct api_facts {
    api which;
    std::string_view name;
    std::uint16_t port; // that of the service which had it first
};

constexpr std::uint16_t port_of_several = 8002;

constexpr std::array<api_facts, 5> known_apis{{{api::exports, "exports", 8002},
                                               {api::live, "live", 8000},
                                               {api::timestamps, "timestamps", 7080},
                                               {api::builds, "builds", 8442},
                                               {api::events, "events", port_of_several}}};

} // namespace

parsed<api_set> parse_apis(std::string_view text) {
    const std::string right = "give one or more of exports, live, timestamps, builds, events, separated by "
                              "commas";
    api_set apis;
    for (const auto part : async::split(text, ',')) {
        const auto name = async::trimmed(part);
        const auto found = std::ranges::find(known_apis, name, &api_facts::name);
        if (found == known_apis.end()) {
            std::vector<std::string_view> names;
            for (const auto& each : known_apis)
                names.push_back(each.name);
            const auto near = nearest(name, names);
            return near.empty() ? right : fmt::format("{}; did you mean '{}'?", right, near);
        }
        if (!apis.insert(found->which).second)
            return fmt::format("{}, each once", right);
    }
    return apis;
}

std::string_view to_string(api which) noexcept {
    const auto* const found = std::ranges::find(known_apis, which, &api_facts::which);
    return found == known_apis.end() ? std::string_view() : found->name;
}

std::uint16_t port_of(const api_set& apis) noexcept {
    if (apis.size() != 1)
        return port_of_several;
    const auto* const found = std::ranges::find(known_apis, *apis.begin(), &api_facts::which);
    return found == known_apis.end() ? port_of_several : found->port;
}

bool is_loopback(std::string_view address) {
    boost::system::error_code failed;
    const auto parsed = boost::asio::ip::make_address(address, failed);
    return !failed && parsed.is_loopback();
}

} // namespace app
