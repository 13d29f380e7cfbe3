// Where `serve` listens, for which clients, and how long it waits.
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"
#include "http/host_port.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace app {

namespace {

constexpr std::array serving_rows{
    rows::of_serving(rows::list_of(
        api_names,
        {"SERVE_APIS", "--apis", "exports", "LIST",
         "the APIs that `serve` offers: `exports`, `live`, `timestamps`, `builds`, `events`, separated by "
         "commas"})),
    rows::of_serving({"SERVE_ADDRESS", "--listen", "127.0.0.1", "ADDRESS",
                      "the IP address that `serve` listens on; `0.0.0.0` or `::` listens on all interfaces"}),
    rows::of_serving({"SERVE_PORT", "--port", "", "PORT",
                      "the port; 0: any free port, see the log; unset: 8002, or the port of a single API: "
                      "live 8000, timestamps 7080, builds 8442"}),
    rows::of_serving(rows::secret(
        {"SERVE_TOKEN", "", "", "TOKEN",
         "the token that clients send as `Authorization: Bearer TOKEN`, except to /livez and /readyz; at "
         "least 8 characters"})),
    rows::of_serving(
        rows::secret({"LIVE_SECRET", "", "secret", "TEXT",
                      "the secret that clients of POST /liveEvent send as `Authorization: TEXT`"})),
    rows::of_serving({"SERVE_HOSTS", "--hosts", "", "LIST",
                      "names under which clients may reach `serve` without a token, besides localhost: "
                      "`exports.internal,10.0.0.7:8002`"}),
    rows::of_serving({"SERVE_CONNECTIONS", "--connections", "1024", "N",
                      "clients that are served at a time; more wait in the system's queue (1 to 65536)"}),
    rows::of_serving(
        {"SERVE_CLIENT_TIMEOUT", "--client-timeout", "30s", "TIME",
         "how long a client may take to send a body, or to read an answer or a piece of a file"}),
    rows::of_serving({"SERVE_GRACE", "--grace", "20s", "TIME",
                      "how long running exports, and answers that are being read, may go on after SIGTERM"}),
};

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
        if (entry.empty() || http::is_bare_ipv6(entry) || !std::ranges::all_of(entry, fits))
            return "give host names or addresses as clients write them, separated by commas:"
                   " exports.internal,10.0.0.7:8002,[fd00::7]";
        hosts.emplace_back(entry);
    }
    return hosts;
}

// The token that a server requires and a client sends.
void check_secrets(checker& settings) {
    auto& serving = settings.value().serving;
    serving.token = settings["SERVE_TOKEN"].text;
    if (settings["SERVE_TOKEN"].set())
        if (const auto clause = mistake_in_token(serving.token); !clause.empty())
            settings.mistake("SERVE_TOKEN", clause);
    if (const auto& secret = settings["LIVE_SECRET"]; secret.set()) {
        serving.live_secret = secret.text;
        if (!std::ranges::all_of(secret.text, [](char letter) { return letter > ' ' && letter < 0x7f; }))
            settings.mistake("LIVE_SECRET", "give visible ASCII characters without spaces");
    }
}

void check_address(checker& settings) {
    auto& serving = settings.value().serving;
    serving.address = settings["SERVE_ADDRESS"].text;
    boost::system::error_code failed;
    boost::asio::ip::make_address(serving.address, failed);
    if (failed)
        settings.mistake("SERVE_ADDRESS", "give an IP address: 127.0.0.1, 0.0.0.0 or ::1");
    settings.read("SERVE_HOSTS", serving.hosts, parse_hosts);
}

void check_serving(checker& settings) {
    using std::chrono::milliseconds;
    if (settings.purpose() == purpose::projecting && settings["PROJECT_HEALTH_PORT"].set()) {
        check_address(settings);
        return check_secrets(settings);
    }
    if (settings.purpose() == purpose::sending)
        return check_secrets(settings);
    if (settings.purpose() != purpose::serving)
        return;
    auto& serving = settings.value().serving;
    settings.read("SERVE_APIS", serving.apis, parse_apis);
    serving.port = port_of(serving.apis);
    check_address(settings);
    settings.read("SERVE_PORT", serving.port, count_from(0, 65'535));
    check_secrets(settings);
    settings.read("SERVE_CONNECTIONS", serving.connections, count_from(1, 65'536));
    settings.read("SERVE_CLIENT_TIMEOUT", serving.client_timeout, time_from(milliseconds(100)));
    settings.read("SERVE_GRACE", serving.grace, parse_time);
}

} // namespace

feature serving_settings() noexcept { return {"The server", serving_rows, check_serving}; }

} // namespace app
