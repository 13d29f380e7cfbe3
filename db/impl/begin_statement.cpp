#include "db/impl/begin_statement.hpp"

#include "db/impl/session_settings.hpp"

namespace db {

namespace {

bool is_pinned(const session_setting& each, const transaction_options& options) {
    return options.runs == statements::ours || each.scope == pinned_for::every_transaction;
}

} // namespace

std::vector<expectation> expectations(const transaction_options& options) {
    std::vector<expectation> all{{"transaction_isolation", "repeatable read"}};
    for (const session_setting& each : session_settings)
        if (is_pinned(each, options))
            all.push_back({each.name, each.value});
    for (const forbidden_setting& each : forbidden_settings)
        all.push_back({each.name, each.value, false});
    return all;
}

std::string begin_statement(const transaction_options& options, int server_version) {
    std::string sql = "BEGIN ISOLATION LEVEL REPEATABLE READ, ";
    sql += options.mode == access::read_only ? "READ ONLY" : "READ WRITE";
    // Before anything that needs a snapshot.
    if (!options.snapshot.empty())
        sql += "; SET TRANSACTION SNAPSHOT " + connection::literal(options.snapshot);
    for (const session_setting& each : session_settings) {
        if (!is_pinned(each, options))
            continue;
        sql.append("; SET LOCAL ").append(each.name).append(" = ");
        // A list of names is not one name with a comma in it.
        sql += each.name == "search_path" ? std::string(each.value) : connection::literal(each.value);
    }
    sql += "; SET LOCAL lock_timeout = " + std::to_string(options.lock_timeout.count());
    // A backend whose client has died in the middle of a long statement finds out by itself.
    constexpr int with_connection_check = 140000;
    if (server_version >= with_connection_check)
        sql += "; SET LOCAL client_connection_check_interval = '1s'";
    constexpr int with_transaction_timeout = 170000;
    if (server_version >= with_transaction_timeout)
        sql += "; SET LOCAL transaction_timeout = 0";
    for (const expectation& each : expectations(options)) {
        sql += "; SHOW ";
        sql += each.setting;
    }
    sql += "; SHOW synchronous_commit";
    return sql;
}

} // namespace db
