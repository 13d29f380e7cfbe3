#include "db/position.hpp"

#include "async/error.hpp"
#include "db/read_only_standby.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace db {

using async::failure;

std::uint64_t parse_lsn(std::string_view text) {
    const auto slash = std::min(text.find('/'), text.size());
    std::uint32_t high = 0;
    std::uint32_t low = 0;
    const auto read = [](std::string_view digits, std::uint32_t& half) {
        const auto* const last = digits.data() + digits.size();
        const auto [end, failed] = std::from_chars(digits.data(), last, half, 16);
        return failed == std::errc() && end == last;
    };
    if (!read(text.substr(0, slash), high) || !read(text.substr(std::min(slash + 1, text.size())), low))
        throw async::error(failure::internal, fmt::format("'{}' is not a log position", text));
    return std::uint64_t{high} << 32 | low;
}

awaitable<server_position> database_of(connection& session) {
    // Qualified, for it is asked beside a user's own statements and their search_path too.
    const auto found = co_await session.query(
        "SELECT (SELECT d.oid FROM pg_catalog.pg_database d"
        " WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()),"
        " pg_catalog.has_function_privilege('pg_catalog.pg_control_system()'::pg_catalog.text,"
        " 'EXECUTE'::pg_catalog.text)");
    server_position position;
    position.database = found.text(0, 0);
    // In a statement of its own: rights are looked at before a CASE is.
    if (found.boolean(0, 1)) {
        const auto identity = co_await session.query(
            "SELECT s.system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system() s");
        position.cluster = identity.text(0, 0);
    }
    co_return position;
}

awaitable<server_position> position_of(connection& session) {
    // The timeline comes from the name of the log file being written: the control file's lags behind a
    // promotion.
    const auto found = co_await session.query(
        "SELECT pg_catalog.pg_is_in_recovery(),"
        " CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.left(pg_catalog.pg_walfile_name("
        "pg_catalog.pg_current_wal_insert_lsn()), 8::pg_catalog.int4) END,"
        " CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN"
        " pg_catalog.pg_current_wal_insert_lsn()::pg_catalog.text END,"
        " (EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time()) OPERATOR(pg_catalog.*)"
        " 1000000)::pg_catalog.int8");
    if (found.boolean(0, 0))
        throw read_only_standby();
    auto position = co_await database_of(session);
    const auto timeline = found.text(0, 1);
    std::from_chars(timeline.data(), timeline.data() + timeline.size(), position.timeline, 16);
    position.lsn = parse_lsn(found.text(0, 2));
    position.started = static_cast<std::uint64_t>(found.integer(0, 3));
    co_return position;
}

bool same_database(const server_position& one, const server_position& other) noexcept {
    return !one.cluster.empty() && one.cluster == other.cluster && one.database == other.database;
}

history compare_histories(const server_position& then, const server_position& now) noexcept {
    if (!same_database(then, now))
        return history::foreign;
    if (then.timeline < now.timeline)
        return history::branched;
    return then.timeline > now.timeline || then.lsn > now.lsn ? history::behind : history::same;
}

bool same_server(const server_position& then, const server_position& now) noexcept {
    return then.started != 0 && then.started == now.started && then.cluster == now.cluster &&
           then.database == now.database;
}

awaitable<void> must_be_of_server(connection& session, server_position position) {
    const auto here = co_await position_of(session);
    if (!same_server(position, here))
        throw async::error(
            failure::temporary, "a second connection reached another server than the run's",
            "It may be a copy of it, or it was started again. Let PG_CONNECTION_STRING name one "
            "server: no list of hosts, and no name or pooler with several behind it.");
}

void must_be_identified(const server_position& position) {
    if (position.cluster.empty())
        throw async::error(
            failure::refused,
            "this role may not call pg_control_system(), which tells this server from its copies",
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO the role that archives.");
}

} // namespace db
