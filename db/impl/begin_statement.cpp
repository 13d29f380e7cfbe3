#include "db/impl/begin_statement.hpp"

namespace db {

std::string begin_statement(const transaction_options& options, int server_version) {
    std::string sql = "BEGIN ISOLATION LEVEL REPEATABLE READ, ";
    sql += options.mode == access::read_only ? "READ ONLY" : "READ WRITE";
    // Before anything that needs a snapshot.
    if (!options.snapshot.empty())
        sql += "; SET TRANSACTION SNAPSHOT " + connection::literal(options.snapshot);
    // extra_float_digits as pg_dump sets it: every value comes back as it was, in servers older than 12 too.
    sql += "; SET LOCAL TimeZone = 'UTC'"
           "; SET LOCAL DateStyle = 'ISO, MDY'"
           "; SET LOCAL IntervalStyle = 'postgres'"
           "; SET LOCAL extra_float_digits = 3"
           "; SET LOCAL bytea_output = 'hex'"
           "; SET LOCAL client_encoding = 'UTF8'"
           "; SET LOCAL statement_timeout = 0"
           "; SET LOCAL idle_in_transaction_session_timeout = 0";
    sql += "; SET LOCAL lock_timeout = " + std::to_string(options.lock_timeout.count());
    // A backend whose client has died in the middle of a long statement finds out by itself.
    constexpr int with_connection_check = 140000;
    if (server_version >= with_connection_check)
        sql += "; SET LOCAL client_connection_check_interval = '1s'";
    constexpr int with_transaction_timeout = 170000;
    if (server_version >= with_transaction_timeout)
        sql += "; SET LOCAL transaction_timeout = 0";
    for (const expectation& each : expectations) {
        sql += "; SHOW ";
        sql += each.setting;
    }
    sql += "; SHOW synchronous_commit";
    return sql;
}

} // namespace db
