#include "http/server/caller.hpp"

#include "async/ascii.hpp"
#include "http/host_port.hpp"

#include <boost/asio/ip/address_v4.hpp>

#include <algorithm>
#include <optional>

namespace http {

namespace {

// "127.0.0.1" and its neighbours.
bool is_loopback_v4(std::string_view text) {
    boost::system::error_code wrong;
    const auto address = boost::asio::ip::make_address_v4(text, wrong);
    return !wrong && address.is_loopback();
}

bool is_listed(std::string_view host, const std::vector<std::string>& hosts) {
    const auto given = split_host_port(host);
    return std::ranges::any_of(hosts, [&](std::string_view entry) {
        const auto wanted = split_host_port(entry);
        return async::equal_ignoring_case(wanted.host, given.host) &&
               (wanted.port.empty() || wanted.port == given.port);
    });
}

// What stands behind the scheme of an Origin; nullopt for "null" and the like.
std::optional<std::string_view> authority_of(std::string_view origin) noexcept {
    for (const std::string_view scheme : {"http://", "https://"})
        if (origin.size() > scheme.size() &&
            async::equal_ignoring_case(origin.substr(0, scheme.size()), scheme))
            return origin.substr(scheme.size());
    return std::nullopt;
}

bool is_cross_site(const request& asked, const caller_rules& rules) {
    const auto site = asked.header("sec-fetch-site");
    if (!site.empty() && !async::equal_ignoring_case(site, "same-origin") &&
        !async::equal_ignoring_case(site, "none"))
        return true;
    for (const auto& [name, value] : asked.headers) {
        if (name != "origin")
            continue;
        const auto from = authority_of(value);
        // Behind a proxy that gives us a Host of its own, the name that browsers see is listed.
        if (!from ||
            (!async::equal_ignoring_case(*from, asked.header("host")) && !is_listed(*from, rules.hosts)))
            return true;
    }
    return false;
}

} // namespace

bool is_loopback_host(std::string_view host) {
    const auto name = split_host_port(host).host;
    return async::equal_ignoring_case(name, "localhost") || name == "[::1]" || is_loopback_v4(name);
}

caller caller_of(const request& asked, const caller_rules& rules) {
    if (is_cross_site(asked, rules))
        return caller::cross_site;
    const auto host = asked.header("host");
    return rules.any_host || is_loopback_host(host) || is_listed(host, rules.hosts) ? caller::known
                                                                                    : caller::stranger;
}

} // namespace http
