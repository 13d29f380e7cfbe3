#include "lake/lease/lease_claim.hpp"

#include "azure/blob/name_uuid.hpp"
#include "lake/mark/mark.hpp"

#include <fmt/format.h>

#include <utility>

namespace lake {

awaitable<lease_claim> claim_of(db::connection& session, db::server_position position, std::string table) {
    // Qualified: in an export the search_path is the task's.
    const auto found = co_await session.query(
        "SELECT pg_catalog.current_database(), pg_catalog.to_char(pg_catalog.timezone('UTC'::pg_catalog.text,"
        " pg_catalog.pg_postmaster_start_time()), 'YYYYMMDDHH24MISSUS'::pg_catalog.text)");
    lease_claim claim;
    claim.owner = {position.cluster, position.database, table_in_mark(found.text(0, 0)), std::move(table)};
    claim.id = azure::name_uuid(
        fmt::format("event-archiver/{}/{}/{}", position.cluster, position.database, found.text(0, 1)));
    co_return claim;
}

} // namespace lake
