// Tested by tests/unit/db/conninfo_test.cpp.
#include "db/connection.hpp"
#include "db/conninfo.hpp"
#include "db/impl/conninfo.hpp"
#include "db/impl/effective_settings.hpp"
#include "db/impl/libpq.hpp"

#include <algorithm>

namespace db {

namespace {

std::string address(std::string host, const std::string& port) {
    if (host.empty())
        host = "[local]";
    else if (host.find(':') != std::string::npos)
        host = "[" + host + "]";
    return host + ":" + (port.empty() ? "5432" : port);
}

std::string addresses(const effective_settings& effective) {
    const std::string host = effective["host"];
    const auto hosts = parts_of(host.empty() ? effective["hostaddr"] : host);
    const auto ports = parts_of(effective["port"]);
    std::string text;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        if (i != 0)
            text += ',';
        text += address(hosts[i], ports.size() == 1 ? ports[0] : i < ports.size() ? ports[i] : std::string());
    }
    return text;
}

} // namespace

std::string describe_conninfo(const std::string& conninfo) {
    if (conninfo_mistake(conninfo))
        return "an invalid connection string";
    const effective_settings effective(settings_given(conninfo));
    const std::string user = effective["user"];
    const std::string database = effective["dbname"]; // by default the user's name
    const bool by_service =
        effective.given("service") && !effective.given("host") && !effective.given("hostaddr");
    const std::string where = by_service ? "service " + effective["service"] : addresses(effective);
    // Where the ':' before it was percent-encoded, the password is part of the user's name; where a whole
    // string was quoted, it is part of a name.
    const auto shown_as = [](const std::string& name, std::string_view what) {
        const auto sign = name.find_first_of(":=");
        return sign == std::string::npos ? name : std::string(what) + " with a '" + name[sign] + "'";
    };
    const std::string shown = user.empty() ? "unknown user" : shown_as(user, "a user");
    const std::string named = database.empty() ? shown : shown_as(database, "a database");
    return where + "/" + named + " as " + shown;
}

} // namespace db
