#include "db/impl/connect_failure.hpp"

#include "db/impl/server_error.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace db {

namespace {

using async::failure;

struct known_text {
    std::string_view part;
    failure kind;
    std::string_view hint;
};

constexpr std::string_view check_certificate =
    "Check sslmode and sslrootcert, and that the host name is the one in the server's certificate.";
constexpr std::string_view check_password = "Check the user and the password.";
constexpr std::string_view check_pg_hba =
    "Check pg_hba.conf on the server, and whether it requires SSL (sslmode=require).";

constexpr std::string_view allow_more =
    "`event-archiver check` says how many connections a run opens, and how many are allowed. Open fewer with "
    "ARCHIVE_PARALLEL, or raise the limit: ALTER ROLE name CONNECTION LIMIT n, ALTER DATABASE name "
    "CONNECTION "
    "LIMIT n, or max_connections.";
constexpr std::string_view check_database = "Check the database's name, or create it.";
constexpr std::string_view check_role =
    "Check the user, or create the role: docs/security.md has the statements.";

// The first match counts. Texts of libpq 15, PostgreSQL 15 and PgBouncer 1.18.
constexpr std::array known_texts{
    known_text{"no pg_hba.conf entry", failure::refused, check_pg_hba},
    known_text{"pg_hba.conf rejects", failure::refused, check_pg_hba},
    known_text{"SSL connection is required", failure::refused, "Set sslmode=require or stricter."},
    known_text{"SSL required", failure::refused, "Set sslmode=require or stricter."},
    known_text{"password authentication failed", failure::refused, check_password},
    known_text{
        "no password supplied", failure::refused,
        "The server asks for a password: put it into PG_CONNECTION_STRING, PGPASSWORD or a password file."},
    known_text{"authentication failed", failure::refused, check_password},
    known_text{"SCRAM", failure::refused, check_password},
    known_text{"SASL", failure::refused, check_password},
    known_text{"no such user", failure::refused, check_password},
    known_text{"wrong password type", failure::refused, check_password},
    known_text{"permission denied for database", failure::refused,
               "Let the role connect: GRANT CONNECT ON DATABASE name TO role;"},
    known_text{"not permitted to log in", failure::refused, "Let the role log in: ALTER ROLE name LOGIN;"},
    known_text{"certificate verify failed", failure::refused, check_certificate},
    known_text{"does not match host name", failure::refused, check_certificate},
    known_text{"root certificate file", failure::precondition, check_certificate},
    known_text{"certificate file", failure::precondition, check_certificate},
    known_text{"private key file", failure::precondition, "Check sslkey and the permissions of its file."},
    known_text{"server does not support SSL", failure::precondition,
               "Switch SSL on in the server. With sslmode=prefer the connection would not be encrypted."},
    known_text{"no such database", failure::precondition, check_database},
    known_text{
        "unsupported startup parameter", failure::precondition,
        "Remove `options` and PGOPTIONS, or list the parameter in PgBouncer's ignore_startup_parameters."},
    known_text{"invalid port number", failure::usage, ""},
    known_text{"invalid connection option", failure::usage, ""},
    known_text{" value: \"", failure::usage, ""}, // invalid sslmode value: "…"
    known_text{"could not match", failure::usage, ""},
    known_text{"invalid integer value", failure::usage, ""},
    known_text{"too many", failure::temporary, allow_more},
    known_text{"remaining connection slots", failure::temporary, allow_more},
    known_text{"role \"", failure::refused, check_role},              // … does not exist
    known_text{"database \"", failure::precondition, check_database}, // … does not exist
    known_text{"could not translate host name", failure::temporary,
               "Check the host in PG_CONNECTION_STRING, and DNS."},
    known_text{"service file", failure::precondition, "Check PGSERVICEFILE."},
    known_text{"definition of service", failure::precondition, "Check PGSERVICE and PGSERVICEFILE."},
};
// Left to the default, temporary: "Connection refused", "timeout expired",
// "server closed the connection unexpectedly", "the database system is starting up", "session is read-only",
// PgBouncer's "pgbouncer cannot connect to server", "query_wait_timeout", "server login has been failing".

bool is_sqlstate(std::string_view text) {
    return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
           });
}

// Takes "SEVERITY:  SQLSTATE: " out of a line, and returns the SQLSTATE. The two spaces are libpq's.
sqlstate take_sqlstate(std::string& line) {
    for (auto at = line.find(":  "); at != std::string::npos; at = line.find(":  ", at + 1)) {
        if (line.size() < at + 10 || line.compare(at + 8, 2, ": ") != 0)
            continue;
        std::string state = line.substr(at + 3, 5);
        if (!is_sqlstate(state))
            continue;
        const auto before = line.rfind(": ", at - 1);
        const auto from = before == std::string::npos || at == 0 ? 0 : before + 2;
        line.erase(from, at + 10 - from);
        return state;
    }
    return {};
}

struct attempts {
    std::string message; // all of them: libpq lists each host that it tried
    std::string last;    // the one that ended the search decides
    sqlstate state;
    std::string hint;
};

void add_line(attempts& to, std::string line) {
    // "LABEL:  text" with libpq's own, untranslated labels. A detail is left out here as everywhere.
    if (line.starts_with("LOCATION:  ") || line.starts_with("DETAIL:  ") || line.starts_with("CONTEXT:  "))
        return;
    if (line.starts_with("HINT:  ")) {
        to.hint = line.substr(7);
        return;
    }
    if (line.starts_with("\t")) { // "Is the server running on that host and accepting TCP/IP connections?"
        to.hint = line.substr(1);
        return;
    }
    if (line.starts_with("Either provide the file"))
        return;
    to.hint.clear();
    to.state = take_sqlstate(line);
    if (!to.message.empty())
        to.message += "; ";
    to.message += line;
    to.last = std::move(line);
}

attempts read(std::string_view text) {
    attempts found;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (end != 0)
            add_line(found, std::string(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return found;
}

} // namespace

error connect_failure(std::string_view text) {
    attempts found = read(text);
    failure kind = classify(found.state);
    const auto* const known =
        std::find_if(known_texts.begin(), known_texts.end(),
                     [&](const known_text& each) { return found.last.find(each.part) != std::string::npos; });
    const bool state_decides = kind != failure::unclassified && !found.state.starts_with("08");
    if (known != known_texts.end()) {
        if (!state_decides)
            kind = known->kind;
        if (found.hint.empty())
            found.hint = known->hint;
    } else if (!state_decides) {
        kind = failure::temporary;
    }
    if (found.message.empty())
        found.message = "could not connect to the database server";
    return {kind, std::move(found.message), std::move(found.state), false, std::move(found.hint)};
}

} // namespace db
