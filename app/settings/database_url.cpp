#include "app/settings/database_url.hpp"

#include "async/quotable.hpp"
#include "db/conninfo.hpp"
#include "http/host_port.hpp"

#include <boost/url/parse.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace app {

namespace {

// Parameters of the JDBC driver by libpq's names; an empty one has no meaning here.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> jdbc_parameters{
    {{"user", "user"},
     {"password", "password"},
     {"sslmode", "sslmode"},
     {"sslrootcert", "sslrootcert"},
     {"sslcert", "sslcert"},
     {"sslkey", "sslkey"},
     {"ApplicationName", "application_name"},
     {"application_name", "application_name"},
     {"connectTimeout", ""},
     {"stringtype", ""}}};

std::string known_parameters() {
    std::string names;
    for (const auto& [name, meaning] : jdbc_parameters)
        names += (names.empty() ? "" : ", ") + std::string(name);
    return names;
}

// Servers of which each is tried, as libpq takes them: lists with commas.
struct server_list {
    std::string hosts; // empty: the URL names one server
    std::string ports;
    bool is_whole = true; // each has a name: libpq would take one without for a local socket
};

// Takes all but the first out of `url`, which no URL may have: they are the driver's own.
server_list take_servers(std::string& url) {
    const auto slashes = url.find("//");
    const auto end =
        std::min(url.find_first_of("/?#", slashes == std::string::npos ? 0 : slashes + 2), url.size());
    if (slashes == std::string::npos)
        return {};
    auto begin = slashes + 2;
    if (const auto at = url.rfind('@', end); at != std::string::npos && at >= begin && at < end)
        begin = at + 1;
    const auto named = url.substr(begin, end - begin);
    const auto first = named.find(',');
    if (first == std::string::npos)
        return {};
    server_list servers;
    for (std::size_t from = 0; from <= named.size();) {
        const auto to = std::min(named.find(',', from), named.size());
        const auto each = std::string_view(named).substr(from, to - from);
        const auto given = http::split_host_port(each);
        const auto host = http::without_brackets(given.host);
        servers.is_whole = servers.is_whole && !host.empty();
        servers.hosts += (from == 0 ? "" : ",") + std::string(host);
        servers.ports += (from == 0 ? "" : ",") + std::string(given.port);
        from = to + 1;
    }
    url.erase(begin + first, named.size() - first);
    return servers;
}

// What the driver calls the kind of server that is wanted, in libpq's words; empty: none of them.
std::string_view wanted_server(std::string_view type) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> types{
        {{"any", "any"},
         {"primary", "read-write"},
         {"master", "read-write"},
         {"preferPrimary", "read-write"}, // nothing can be written to another one
         {"secondary", "standby"},
         {"slave", "standby"},
         {"preferSecondary", "prefer-standby"}}};
    const auto* const found =
        std::ranges::find(types, type, &std::pair<std::string_view, std::string_view>::first);
    return found == types.end() ? std::string_view() : found->second;
}

} // namespace

database_url conninfo_from_url(std::string_view url, std::string_view user, std::string_view password) {
    constexpr std::string_view right = "give it as jdbc:postgresql://host:5432/name";
    constexpr std::string_view jdbc = "jdbc:";
    if (url.starts_with(jdbc))
        url.remove_prefix(jdbc.size());
    std::string of_one(url);
    const auto servers = take_servers(of_one);
    if (!servers.is_whole)
        return {{}, "a server of its list has no name: give it as jdbc:postgresql://a:5432,b:5432/name"};
    const auto parsed = boost::urls::parse_uri(of_one);
    if (!parsed || (parsed->scheme() != "postgresql" && parsed->scheme() != "postgres") ||
        !parsed->has_authority())
        return {{}, std::string(right)};
    std::map<std::string, std::string, std::less<>> values;
    if (!parsed->encoded_host().empty())
        values["host"] = parsed->host_name().empty() ? parsed->host_address() : parsed->host_name();
    if (!parsed->port().empty())
        values["port"] = parsed->port();
    if (!servers.hosts.empty()) {
        values["host"] = servers.hosts;
        values["port"] = servers.ports;
    }
    if (!parsed->user().empty())
        values["user"] = parsed->user();
    if (!parsed->password().empty())
        values["password"] = parsed->password();
    const auto path = parsed->path();
    if (path.size() > 1)
        values["dbname"] = path.substr(1);
    for (const auto& each : parsed->params()) {
        if (each.key == "targetServerType") {
            const auto wanted = wanted_server(each.value);
            if (wanted.empty())
                return {{},
                        fmt::format("targetServerType is {}: give any, primary, preferPrimary, secondary or"
                                    " preferSecondary",
                                    async::quoted(each.value))};
            values["target_session_attrs"] = wanted;
            continue;
        }
        const auto* const known = std::ranges::find(jdbc_parameters, each.key,
                                                    &std::pair<std::string_view, std::string_view>::first);
        if (known == jdbc_parameters.end())
            return {{},
                    fmt::format("it has the parameter {}: there are {}", async::quoted(each.key),
                                known_parameters())};
        if (!known->second.empty())
            values[std::string(known->second)] = each.value;
    }
    if (!user.empty())
        values["user"] = user;
    if (!password.empty())
        values["password"] = password;
    std::string conninfo;
    for (const auto& [name, value] : values)
        conninfo += fmt::format("{}{}={}", conninfo.empty() ? "" : " ", name, db::conninfo_value(value));
    return {std::move(conninfo), {}};
}

} // namespace app
