#include "http/request.hpp"

#include "http/target.hpp"

#include <algorithm>

namespace http {

namespace {

// As forms encode it: plus is a space.
std::string form_decoded(std::string_view text) {
    std::string spaced(text);
    std::ranges::replace(spaced, '+', ' ');
    return percent_decoded(spaced).value_or(spaced);
}

} // namespace

std::string_view request::header(std::string_view name) const noexcept {
    const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::size_t request::count_of(std::string_view name) const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count(headers, name, &std::pair<std::string, std::string>::first));
}

std::optional<std::string> request::query_value(std::string_view name) const {
    std::optional<std::string> value;
    std::string_view rest = query;
    while (!rest.empty()) {
        const auto pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const auto equals = std::min(pair.find('='), pair.size());
        if (form_decoded(pair.substr(0, equals)) == name)
            value = form_decoded(pair.substr(std::min(pair.size(), equals + 1)));
    }
    return value;
}

} // namespace http
