#include "db/session_names.hpp"

#include <fmt/format.h>

#include <array>

namespace db {

namespace {

std::string describe_session(const result& found, int row) {
    const auto user = found.text(row, 1);
    const auto application = found.text(row, 2);
    auto text = fmt::format("the server's pid {}", found.text(row, 0));
    if (!user.empty() || !application.empty())
        text += fmt::format(" ({}{}{}{}{})", user.empty() ? "" : "user ", user,
                            user.empty() || application.empty() ? "" : ", ",
                            application.empty() ? "" : "application ", application);
    return text;
}

} // namespace

std::string describe_sessions(const result& found) {
    std::string all;
    for (int row = 0; row < found.rows(); ++row) {
        if (row > 0 && found.text(row, 0) == found.text(row - 1, 0))
            continue;
        all += (all.empty() ? "" : ", ") + describe_session(found, row);
    }
    return all;
}

awaitable<std::string> holders_of(connection& session, const std::string& key) {
    const std::array parameters{parameter(key)};
    // A key of 64 bits stands in two columns of 32.
    const auto found = co_await session.query(
        "SELECT l.pid, a.usename, a.application_name FROM pg_catalog.pg_locks l"
        " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid,"
        " pg_catalog.hashtextextended($1::pg_catalog.text, 0::pg_catalog.int8) AS wanted (key)"
        " WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory'::pg_catalog.text AND l.granted"
        " AND l.objsubid OPERATOR(pg_catalog.=) 1::pg_catalog.int2"
        " AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d"
        " WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())"
        " AND (l.classid::pg_catalog.int8 OPERATOR(pg_catalog.<<) 32::pg_catalog.int4)"
        " OPERATOR(pg_catalog.|) l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) wanted.key"
        " AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() ORDER BY l.pid LIMIT 3",
        parameters);
    co_return describe_sessions(found);
}

} // namespace db
