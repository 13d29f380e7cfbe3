// Tested by tests/unit/db/conninfo_test.cpp.
#include "db/connection.hpp"
#include "db/impl/conninfo.hpp"
#include "db/impl/libpq.hpp"

#include <algorithm>

namespace db {

namespace {

class effective_settings {
  public:
    explicit effective_settings(settings given)
        : given_(std::move(given))
        , defaults_(PQconndefaults()) {}

    // As libpq finds it: the connection string, the service file, the environment, the compiled-in value.
    [[nodiscard]] std::string operator[](std::string_view keyword) const {
        const auto named = std::find_if(given_.begin(), given_.end(),
                                        [&](const setting& each) { return each.keyword == keyword; });
        if (named != given_.end())
            return named->value;
        for (const PQconninfoOption* option = defaults_.get(); option && option->keyword; ++option) {
            if (option->keyword == keyword && option->val)
                return option->val;
        }
        return {};
    }
    [[nodiscard]] bool given(std::string_view keyword) const {
        return std::any_of(given_.begin(), given_.end(),
                           [&](const setting& each) { return each.keyword == keyword; });
    }

  private:
    settings given_;
    conninfo_handle defaults_;
};

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= list.size();) {
        const auto comma = std::min(list.find(',', from), list.size());
        parts.emplace_back(list.substr(from, comma - from));
        from = comma + 1;
    }
    return parts;
}

std::string address(std::string host, const std::string& port) {
    if (host.empty())
        host = "[local]";
    else if (host.find(':') != std::string::npos)
        host = "[" + host + "]";
    return host + ":" + (port.empty() ? "5432" : port);
}

std::string addresses(const effective_settings& effective) {
    const std::string host = effective["host"];
    const auto hosts = split(host.empty() ? effective["hostaddr"] : host);
    const auto ports = split(effective["port"]);
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
