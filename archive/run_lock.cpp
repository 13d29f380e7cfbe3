#include "archive/run_lock.hpp"

#include "archive/session_names.hpp"

#include <fmt/format.h>

#include <array>

namespace archive {

run_lock::run_lock(std::uint32_t table, const shard& part)
    : table_key(fmt::format("event-archiver/{}", table))
    , shard_key(fmt::format("event-archiver/{}/{}/{}", table, part.index, part.count))
    , shared(part.count > 1) {}

awaitable<bool> try_lock(db::connection& session, const run_lock& lock) {
    const std::array parameters{db::parameter(lock.table_key), db::parameter(lock.shard_key)};
    const auto locked = co_await session.query(
        lock.shared ? "SELECT pg_catalog.pg_try_advisory_xact_lock_shared("
                      "pg_catalog.hashtextextended($1::pg_catalog.text, 0::pg_catalog.int8))"
                      " AND pg_catalog.pg_try_advisory_xact_lock("
                      "pg_catalog.hashtextextended($2::pg_catalog.text, 0::pg_catalog.int8))"
                    : "SELECT pg_catalog.pg_try_advisory_xact_lock("
                      "pg_catalog.hashtextextended($1::pg_catalog.text, 0::pg_catalog.int8))"
                      " AND $2::pg_catalog.text IS NOT NULL",
        parameters);
    co_return locked.boolean(0, 0);
}

awaitable<std::string> holders_of(db::connection& session, const std::string& key) {
    const std::array parameters{db::parameter(key)};
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

} // namespace archive
