// How many connections a run opens, and how many it may have.
// Tested by tests/integration/test_check_connections.py.

#include "archive/look/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace archive {

using async::failure;

namespace {

std::string count_of(int connections) {
    return fmt::format("{} connection{}", connections, connections == 1 ? "" : "s");
}

} // namespace

check_line judge_connections(const std::vector<connection_limit>& limits, connections_needed needed) {
    constexpr const char* name = "connections";
    const auto tightest = std::ranges::min_element(limits, {}, &connection_limit::most);
    if (tightest == limits.end())
        return {name, check_status::ok,
                fmt::format("a run opens up to {}, and nothing limits them", needed.most)};
    const auto remedy_for = [&needed](const connection_limit& limit) {
        auto remedy = fmt::format(fmt::runtime(limit.remedy), limit.others + needed.most);
        if (!needed.fewer.empty() && limit.most >= needed.least)
            remedy += fmt::format(" Or give {}.", needed.fewer);
        return remedy;
    };
    if (tightest->most < needed.least)
        return {name, check_status::failed,
                fmt::format("a run opens {} at least, and {} may have {}", count_of(needed.least),
                            tightest->of, tightest->most),
                remedy_for(*tightest), failure::precondition};
    if (tightest->most < needed.most)
        return {name, check_status::warning,
                fmt::format("a run opens up to {}, and {} may have {}: fewer readers work", needed.most,
                            tightest->of, tightest->most),
                remedy_for(*tightest)};
    const auto fullest = std::ranges::min_element(
        limits, {}, [](const connection_limit& limit) { return limit.most - limit.others; });
    const auto left = std::max(fullest->most - fullest->others, 0);
    if (left < needed.most)
        return {name, check_status::warning,
                fmt::format("a run opens up to {}, and of the {} that {} may have, others have {} now{}",
                            needed.most, fullest->most, fullest->of, fullest->others,
                            left < needed.least ? ": a run ends with exit code 5" : ": fewer readers work"),
                remedy_for(*fullest)};
    return {name, check_status::ok,
            fmt::format("a run opens up to {}, and {} may have {}, of which others have {}", needed.most,
                        fullest->of, fullest->most, fullest->others)};
}

// All names are qualified: outside a transaction the search_path is the role's own.
awaitable<void> check_connections(db::connection& session, connections_needed needed,
                                  std::vector<check_line>& lines) {
    const auto seen = co_await session.query(
        "SELECT r.rolsuper, r.rolconnlimit, d.datconnlimit,"
        " pg_catalog.current_setting('max_connections'::pg_catalog.text)::pg_catalog.int4"
        " OPERATOR(pg_catalog.-)"
        " pg_catalog.current_setting('superuser_reserved_connections'::pg_catalog.text)::pg_catalog.int4"
        " OPERATOR(pg_catalog.-) coalesce(pg_catalog.current_setting('reserved_connections'::pg_catalog.text,"
        " true)::pg_catalog.int4, 0::pg_catalog.int4),"
        " pg_catalog.count(*) FILTER (WHERE a.usesysid OPERATOR(pg_catalog.=) r.oid),"
        " pg_catalog.count(*) FILTER (WHERE a.datid OPERATOR(pg_catalog.=) d.oid),"
        " pg_catalog.count(a.pid), pg_catalog.pg_backend_pid(),"
        " pg_catalog.quote_ident(r.rolname::pg_catalog.text),"
        " pg_catalog.quote_ident(d.datname::pg_catalog.text)"
        " FROM pg_catalog.pg_roles r CROSS JOIN pg_catalog.pg_database d"
        // Of other roles' sessions most columns are hidden.
        " LEFT JOIN pg_catalog.pg_stat_activity a ON a.datid IS NOT NULL AND a.usesysid IS NOT NULL"
        " AND coalesce(a.backend_type, 'client backend'::pg_catalog.text) OPERATOR(pg_catalog.=)"
        " 'client backend'::pg_catalog.text AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()"
        " WHERE r.rolname OPERATOR(pg_catalog.=) session_user"
        " AND d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()"
        " GROUP BY r.oid, r.rolname, r.rolsuper, r.rolconnlimit, d.oid, d.datname, d.datconnlimit");
    if (seen.rows() == 0)
        co_return;
    if (seen.integer(0, 7) != session.backend_pid()) {
        lines.push_back(
            {"connections", check_status::skipped,
             fmt::format("a run opens up to {}, and the pooler decides how many there may be", needed.most)});
        co_return;
    }
    const auto number = [&seen](int column) { return static_cast<int>(seen.integer(0, column)); };
    std::vector<connection_limit> limits;
    const bool superuser = seen.boolean(0, 0);
    const auto role = std::string(seen.text(0, 8));
    const auto database = std::string(seen.text(0, 9));
    if (!superuser && number(1) >= 0)
        limits.push_back(
            {"role " + role, number(1), number(4), "ALTER ROLE " + role + " CONNECTION LIMIT {};"});
    if (!superuser && number(2) >= 0)
        limits.push_back({"database " + database, number(2), number(5),
                          "ALTER DATABASE " + database + " CONNECTION LIMIT {};"});
    if (!superuser)
        limits.push_back({"the server's users", number(3), number(6),
                          "Raise max_connections until {} are left beside those that are reserved."});
    lines.push_back(judge_connections(limits, needed));
}

} // namespace archive
