#include "archive/run/run_lock.hpp"

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

} // namespace archive
