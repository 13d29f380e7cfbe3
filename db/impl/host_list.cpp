#include "db/impl/host_list.hpp"

#include "db/impl/effective_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace db {

std::vector<listed_server> one_for_each_host(const settings& all) {
    const effective_settings effective(all);
    if (effective.given(
            "service")) // only libpq knows what the service has, which what is added would override
        return {{all, {}}};
    const auto names = effective["host"];
    const auto addresses = effective["hostaddr"];
    const auto hosts = parts_of(addresses.empty() ? names : addresses);
    const auto ports = parts_of(effective["port"]);
    // An empty host is the local socket, whose directory libpq alone knows.
    const bool is_list = hosts.size() > 1 && std::ranges::count(hosts, std::string()) == 0;
    const bool is_right = (ports.size() == 1 || ports.size() == hosts.size()) &&
                          (names.empty() || parts_of(names).size() == hosts.size());
    if (!is_list || !is_right)
        return {{all, {}}};

    std::vector<listed_server> each;
    for (std::size_t at = 0; at < hosts.size(); ++at) {
        auto one = all;
        if (!names.empty())
            one.push_back({"host", parts_of(names).at(at)});
        if (!addresses.empty())
            one.push_back({"hostaddr", hosts.at(at)});
        const auto& given = ports.size() == 1 ? ports.front() : ports.at(at);
        const std::string port = given.empty() ? "5432" : given;
        one.push_back({"port", port});
        each.push_back({std::move(one), fmt::format(R"(server at "{}", port {})", hosts.at(at), port)});
    }
    if (effective["target_session_attrs"] != "prefer-standby")
        return each;
    auto rounds = each;
    for (auto& one : rounds)
        one.wanted.push_back({"target_session_attrs", "standby"});
    for (auto& one : each) {
        one.wanted.push_back({"target_session_attrs", "any"});
        rounds.push_back(std::move(one));
    }
    return rounds;
}

} // namespace db
