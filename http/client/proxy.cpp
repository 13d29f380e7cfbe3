#include "http/client/proxy.hpp"

#include "async/ascii.hpp"
#include "http/client/base64.hpp"
#include "http/host_port.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

namespace http {

namespace urls = boost::urls;
namespace ip = boost::asio::ip;

namespace {

bool in_network(const ip::address& address, const std::string& network) {
    boost::system::error_code failed;
    if (address.is_v4()) {
        const auto range = ip::make_network_v4(network, failed);
        return !failed &&
               range.canonical() == ip::network_v4(address.to_v4(), range.prefix_length()).canonical();
    }
    const auto range = ip::make_network_v6(network, failed);
    return !failed && range.canonical() == ip::network_v6(address.to_v6(), range.prefix_length()).canonical();
}

bool excepts(std::string_view entry, const endpoint& server) {
    if (entry == "*")
        return true;
    const auto given = split_host_port(entry);
    if (!given.port.empty() && given.port != std::to_string(server.port))
        return false;
    entry = without_brackets(given.host);

    boost::system::error_code not_numeric;
    const auto address = ip::make_address(server.host, not_numeric);
    if (!not_numeric) {
        if (entry.find('/') != std::string_view::npos)
            return in_network(address, std::string(entry));
        boost::system::error_code failed;
        return ip::make_address(std::string(entry), failed) == address && !failed;
    }
    const auto host = async::lowercase(server.host);
    auto name = async::lowercase(entry);
    if (name.starts_with('*'))
        name.erase(0, 1);
    if (name.starts_with('.'))
        name.erase(0, 1);
    return !name.empty() && (host == name || host.ends_with("." + name));
}

} // namespace

parsed_proxy parse_proxy(std::string_view url) {
    url = async::trimmed(url);
    const auto whole =
        url.find("://") == std::string_view::npos ? "http://" + std::string(url) : std::string(url);
    const auto parsed = urls::parse_uri(whole);
    if (!parsed)
        return {{}, "is not a URL"};
    const urls::url_view view = *parsed;
    if (view.scheme_id() != urls::scheme::http)
        return {{}, "must begin with http://: what goes through the proxy is encrypted all the same"};
    if (view.encoded_host().empty())
        return {{}, "names no host"};
    if (view.has_port() && view.port_number() == 0)
        return {{}, "has an invalid port"};
    if (view.has_query() || view.has_fragment() ||
        (!view.encoded_path().empty() && view.encoded_path() != "/"))
        return {{}, "must not hold a path or query"};

    proxy made;
    made.server.tls = false;
    made.server.host = view.host_address();
    made.server.port = view.has_port() ? view.port_number() : 80;
    if (view.has_userinfo()) {
        const auto pair = view.user() + ":" + view.password();
        made.authorization =
            "Basic " + base64_encode({reinterpret_cast<const unsigned char*>(pair.data()), pair.size()});
    }
    return {std::move(made), {}};
}

bool bypasses_proxy(const endpoint& server, std::string_view no_proxy) {
    while (!no_proxy.empty()) {
        const auto end = std::min(no_proxy.find_first_of(", "), no_proxy.size());
        const auto entry = async::trimmed(no_proxy.substr(0, end));
        no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
        if (!entry.empty() && excepts(entry, server))
            return true;
    }
    return false;
}

} // namespace http
