#include "http/client/endpoint.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace http {

namespace urls = boost::urls;

namespace {

std::uint16_t default_port(bool tls) noexcept { return tls ? 443 : 80; }

} // namespace

parsed_endpoint parse_endpoint(std::string_view url) {
    const auto parsed = urls::parse_uri({url.data(), url.size()});
    if (!parsed)
        return {{}, "is not a URL"};
    const urls::url_view view = *parsed;
    if (view.scheme_id() != urls::scheme::http && view.scheme_id() != urls::scheme::https)
        return {{}, "must begin with http:// or https://"};
    if (view.has_userinfo())
        return {{}, "must not hold a user name or password"};
    if (view.has_query() || view.has_fragment())
        return {{}, "must not hold a query"};
    if (view.encoded_host().empty())
        return {{}, "names no host"};
    if (view.has_port() && view.port_number() == 0)
        return {{}, "has an invalid port"};

    endpoint value;
    value.tls = view.scheme_id() == urls::scheme::https;
    value.host = view.host_address(); // without the brackets of an IPv6 address
    value.port = view.has_port() ? view.port_number() : default_port(value.tls);
    value.path = view.path();
    while (!value.path.empty() && value.path.back() == '/')
        value.path.pop_back();
    return {std::move(value), {}};
}

bool is_loopback(const endpoint& server) {
    boost::system::error_code is_name;
    const auto address = boost::asio::ip::make_address(server.host, is_name);
    return is_name ? server.host == "localhost" : address.is_loopback();
}

std::string authority(const endpoint& server) {
    auto text = server.host.find(':') == std::string::npos ? server.host : "[" + server.host + "]";
    if (server.port != default_port(server.tls))
        text += ":" + std::to_string(server.port);
    return text;
}

} // namespace http
