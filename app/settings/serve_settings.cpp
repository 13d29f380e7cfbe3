#include "app/settings/serve_settings.hpp"

#include "app/settings/nearest.hpp"
#include "async/ascii.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace app {

namespace {

struct api_facts {
    api which;
    std::string_view name;
    std::uint16_t port; // that of the service which had it first
};

constexpr std::uint16_t port_of_several = 8002;

constexpr std::array<api_facts, 5> known_apis{{{api::exports, api_names[0], 8002},
                                               {api::live, api_names[1], 8000},
                                               {api::timestamps, api_names[2], 7080},
                                               {api::builds, api_names[3], 8442},
                                               {api::events, api_names[4], port_of_several}}};

} // namespace

parsed<api_set> parse_apis(std::string_view text) {
    const auto right = fmt::format("give one or more of {}, separated by commas", fmt::join(api_names, ", "));
    api_set apis;
    for (const auto part : async::split(text, ',')) {
        const auto name = async::trimmed(part);
        const auto found = std::ranges::find(known_apis, name, &api_facts::name);
        if (found == known_apis.end()) {
            const auto near = nearest(name, api_names);
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
