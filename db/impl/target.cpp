#include "db/impl/target.hpp"

#include "async/number.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>

namespace db {

namespace {

bool is_ipv6(std::string_view text) {
    const std::string address(text.substr(0, text.find('%'))); // behind it the zone of a link-local address
    in6_addr unused{};
    return ::inet_pton(AF_INET6, address.c_str(), &unused) == 1;
}

// A name, an address, a directory of sockets ("/run/postgresql") or an abstract socket ("@name").
bool is_host(std::string_view text) {
    if (text.starts_with('/'))
        return text.find_first_of("@?\n") == std::string_view::npos;
    if (text.starts_with('@'))
        text.remove_prefix(1);
    if (text.find(':') != std::string_view::npos)
        return is_ipv6(text);
    return text.find_first_of("@/?#=&%;\\\"'<> \t\n") == std::string_view::npos;
}

bool is_port(std::string_view text) {
    return text.empty() || async::number_from<std::uint16_t>(text).value_or(0) > 0;
}

bool all_of_list(std::string_view list, bool (*fits)(std::string_view)) {
    for (;;) {
        const auto comma = std::min(list.find(','), list.size());
        if (!fits(list.substr(0, comma)))
            return false;
        if (comma == list.size())
            return true;
        list.remove_prefix(comma + 1);
    }
}

// More than one '@' before the query: what follows the first is no longer the server alone.
bool is_split_too_early(std::string_view conninfo) {
    if (!conninfo.starts_with("postgresql://") && !conninfo.starts_with("postgres://"))
        return false;
    auto rest = conninfo.substr(conninfo.find("://") + 3);
    rest = rest.substr(0, rest.find('?'));
    const auto slash = std::min(rest.find('/'), rest.size());
    return std::ranges::count(rest, '@') > 1 || rest.find('@', slash) != std::string_view::npos;
}

} // namespace

std::optional<std::string> target_mistake(const settings& given, std::string_view conninfo) {
    const auto value_of = [&given](std::string_view keyword) {
        const auto found = std::ranges::find(given, keyword, &setting::keyword);
        return found == given.end() ? std::string_view() : std::string_view(found->value);
    };
    const auto database = value_of("dbname");
    const bool whole_uri = database.find("://") != std::string_view::npos;
    if (!is_split_too_early(conninfo) && !whole_uri && all_of_list(value_of("host"), is_host) &&
        all_of_list(value_of("port"), is_port))
        return std::nullopt;
    return "it names a host, a port or a database that cannot be: a character of the password (@ / : ? # %) "
           "must"
           " be percent-encoded in a URI, '@' as %40 and '/' as %2F";
}

} // namespace db
