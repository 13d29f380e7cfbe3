#include "http/host_port.hpp"

namespace http {

host_port split_host_port(std::string_view text) noexcept {
    const auto bracket = text.rfind(']');
    const auto colon = text.rfind(':');
    const bool is_in_address = bracket == std::string_view::npos ? is_bare_ipv6(text) : colon < bracket;
    if (colon == std::string_view::npos || is_in_address)
        return {text, {}, false};
    return {text.substr(0, colon), text.substr(colon + 1), true};
}

bool is_bare_ipv6(std::string_view host) noexcept {
    return !host.starts_with('[') && host.find(':') != host.rfind(':');
}

std::string_view without_brackets(std::string_view host) noexcept {
    return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

} // namespace http
