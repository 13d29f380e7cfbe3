#include "app/settings/database_url.hpp"

#include "async/quotable.hpp"

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

// A value within a conninfo of keywords (PostgreSQL's documentation, 34.1.1.1).
std::string conninfo_value(std::string_view text) {
    std::string quoted = "'";
    for (const char each : text) {
        if (each == '\'' || each == '\\')
            quoted += '\\';
        quoted += each;
    }
    return quoted + "'";
}

} // namespace

database_url conninfo_from_url(std::string_view url, std::string_view user, std::string_view password) {
    constexpr std::string_view right = "give it as jdbc:postgresql://host:5432/name";
    constexpr std::string_view jdbc = "jdbc:";
    if (url.starts_with(jdbc))
        url.remove_prefix(jdbc.size());
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed || (parsed->scheme() != "postgresql" && parsed->scheme() != "postgres") ||
        !parsed->has_authority())
        return {{}, std::string(right)};
    std::map<std::string, std::string, std::less<>> values;
    if (!parsed->encoded_host().empty())
        values["host"] = parsed->host_name().empty() ? parsed->host_address() : parsed->host_name();
    if (!parsed->port().empty())
        values["port"] = parsed->port();
    if (!parsed->user().empty())
        values["user"] = parsed->user();
    if (!parsed->password().empty())
        values["password"] = parsed->password();
    const auto path = parsed->path();
    if (path.size() > 1)
        values["dbname"] = path.substr(1);
    for (const auto& each : parsed->params()) {
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
        conninfo += fmt::format("{}{}={}", conninfo.empty() ? "" : " ", name, conninfo_value(value));
    return {std::move(conninfo), {}};
}

} // namespace app
