#include "app/settings/check_serve.hpp"

#include "app/settings/mistake.hpp"
#include "app/settings/parse.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace app {

namespace {

// RFC 6750, 2.1, leaves out much more; what matters is that a header can hold it.
std::string mistake_in_token(std::string_view token) {
    const auto fits = [](char letter) { return letter > ' ' && letter < 0x7f; };
    if (!std::ranges::all_of(token, fits))
        return "give visible ASCII characters without spaces";
    return token.size() < 8 ? "give at least 8 characters" : "";
}

// Host fields: names or addresses, an IPv6 address in brackets, each perhaps with a port.
parsed<std::vector<std::string>> parse_hosts(std::string_view text) {
    const auto fits = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') ||
               std::string_view("-._:[]").find(letter) != std::string_view::npos;
    };
    std::vector<std::string> hosts;
    while (!text.empty()) {
        auto entry = text.substr(0, text.find(','));
        text.remove_prefix(std::min(entry.size() + 1, text.size()));
        while (entry.starts_with(' '))
            entry.remove_prefix(1);
        while (entry.ends_with(' '))
            entry.remove_suffix(1);
        const bool bare_ipv6 = !entry.starts_with('[') && std::ranges::count(entry, ':') > 1;
        if (entry.empty() || bare_ipv6 || !std::ranges::all_of(entry, fits))
            return "give host names or addresses as clients write them, separated by commas:"
                   " exports.internal,10.0.0.7:8002,[fd00::7]";
        hosts.emplace_back(entry);
    }
    return hosts;
}

} // namespace

bool is_loopback(std::string_view address) {
    boost::system::error_code failed;
    const auto parsed = boost::asio::ip::make_address(address, failed);
    return !failed && parsed.is_loopback();
}

void check_serve(const texts& given, checked_configuration& result) {
    auto& serving = result.value.serving;
    const auto mistake = [&](std::string_view name, std::string_view clause) {
        result.mistakes.push_back(mistake_in(option_named(name), given[name], clause));
        result.wrong.insert(std::string(name));
    };
    const auto count = [&](std::string_view name, auto& target, std::uint64_t min, std::uint64_t max) {
        const auto read = parse_count(given[name].text, min, max);
        if (const auto* number = std::get_if<std::uint64_t>(&read))
            target = static_cast<std::remove_reference_t<decltype(target)>>(*number);
        else
            mistake(name, std::get<std::string>(read));
    };
    const auto time = [&](std::string_view name, std::chrono::milliseconds& target, std::int64_t min) {
        const auto read = parse_time(given[name].text);
        if (const auto* clause = std::get_if<std::string>(&read))
            mistake(name, *clause);
        else if (target = std::get<std::chrono::milliseconds>(read); target.count() < min)
            mistake(name, fmt::format("give at least {}ms", min));
    };

    serving.address = given["SERVE_ADDRESS"].text;
    boost::system::error_code failed;
    boost::asio::ip::make_address(serving.address, failed);
    if (failed)
        mistake("SERVE_ADDRESS", "give an address in numbers: 127.0.0.1, 0.0.0.0 or ::1");
    count("SERVE_PORT", serving.port, 0, 65'535);
    count("SERVE_CONNECTIONS", serving.connections, 1, 65'536);
    count("EXPORT_PARALLEL", result.value.exporting.parallel, 1, 64);
    time("SERVE_CLIENT_TIMEOUT", serving.client_timeout, 100);
    time("SERVE_GRACE", serving.grace, 0);
    auto hosts = parse_hosts(given["SERVE_HOSTS"].text);
    if (const auto* clause = std::get_if<std::string>(&hosts))
        mistake("SERVE_HOSTS", *clause);
    else
        serving.hosts = std::get<std::vector<std::string>>(std::move(hosts));
    serving.token = given["SERVE_TOKEN"].text;
    if (given["SERVE_TOKEN"].set())
        if (const auto clause = mistake_in_token(serving.token); !clause.empty())
            mistake("SERVE_TOKEN", clause);
}

} // namespace app
