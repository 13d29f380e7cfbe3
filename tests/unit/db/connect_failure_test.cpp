#include "db/impl/connect_failure.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using async::failure;

struct known_failure {
    const char* text;
    failure kind;
};

std::string server_at(const std::string& said) {
    return "connection to server at \"10.0.0.1\", port 5432 failed: " + said + "\n";
}

TEST(connect_failure, knows_the_texts_that_come_without_sqlstate) {
    const known_failure table[] = {
        {"FATAL:  password authentication failed for user \"u\"", failure::refused},
        {"FATAL:  no pg_hba.conf entry for host \"10.0.0.2\", user \"u\", database \"d\", no encryption",
         failure::refused},
        {"FATAL:  Ident authentication failed for user \"u\"", failure::refused},
        {"FATAL:  role \"u\" does not exist", failure::refused},
        {"FATAL:  role \"u\" is not permitted to log in", failure::refused},
        {"FATAL:  permission denied for database \"d\"", failure::refused},
        {"FATAL:  SASL authentication failed", failure::refused},
        {"SCRAM authentication requires libpq version 10 or above", failure::refused},
        {"fe_sendauth: no password supplied", failure::refused},
        {"FATAL:  database \"d\" does not exist", failure::precondition},
        {"Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?",
         failure::temporary},
        {"timeout expired", failure::temporary},
        {"server closed the connection unexpectedly\n\tThis probably means the server terminated "
         "abnormally\n\t"
         "before or while processing the request.",
         failure::temporary},
        {"FATAL:  the database system is starting up", failure::temporary},
        {"FATAL:  the database system is shutting down", failure::temporary},
        {"FATAL:  sorry, too many clients already", failure::temporary},
        {"FATAL:  too many connections for role \"u\"", failure::temporary},
        {"session is read-only", failure::temporary},
        {"server does not support SSL, but SSL was required", failure::precondition},
        {"SSL error: certificate verify failed", failure::refused},
        {"server certificate for \"a\" does not match host name \"b\"", failure::refused},
        {"root certificate file \"/root/.postgresql/root.crt\" does not exist\nEither provide the file or "
         "change "
         "sslmode to disable server certificate verification.",
         failure::precondition},
        // PgBouncer 1.18
        {"FATAL:  08P01: no such database: d", failure::precondition},
        {"FATAL:  08P01: no such user: u", failure::refused},
        {"FATAL:  08P01: password authentication failed", failure::refused},
        {"FATAL:  08P01: unsupported startup parameter: options", failure::precondition},
        {"FATAL:  08P01: pgbouncer cannot connect to server", failure::temporary},
        {"FATAL:  08P01: query_wait_timeout", failure::temporary},
        {"FATAL:  08P01: server login has been failing, try again later (server_login_retry)",
         failure::temporary},
        {"FATAL:  08P01: no more connections allowed (max_client_conn)", failure::temporary},
        // Unknown
        {"FATAL:  etwas Unbekanntes", failure::temporary},
    };
    for (const known_failure& row : table)
        EXPECT_EQ(db::connect_failure(server_at(row.text)).kind(), row.kind) << row.text;
    EXPECT_EQ(
        db::connect_failure("could not translate host name \"h\" to address: Name or service not known\n")
            .kind(),
        failure::temporary);
    EXPECT_EQ(db::connect_failure("invalid sslmode value: \"foo\"\n").kind(), failure::usage);
}

TEST(connect_failure, goes_by_the_sqlstate_in_any_language) {
    const auto password = db::connect_failure(
        server_at("FATAL:  28P01: Passwort-Authentifizierung für Benutzer »u« fehlgeschlagen\nLOCATION:  "
                  "auth_failed, auth.c:326"));
    EXPECT_EQ(password.kind(), failure::refused);
    EXPECT_EQ(password.state(), "28P01");
    EXPECT_STREQ(password.what(), "connection to server at \"10.0.0.1\", port 5432 failed: "
                                  "Passwort-Authentifizierung für Benutzer »u« fehlgeschlagen");
    EXPECT_FALSE(password.connection_usable());

    EXPECT_EQ(db::connect_failure(server_at("FATAL:  3D000: Datenbank »d« existiert nicht")).kind(),
              failure::precondition);
    EXPECT_EQ(db::connect_failure(server_at("FATAL:  57P03: das Datenbanksystem startet")).kind(),
              failure::temporary);
}

TEST(connect_failure, lists_the_hosts_and_goes_by_the_last) {
    const auto error = db::connect_failure(
        "connection to server at \"a\", port 1 failed: Connection refused\n\tIs the server running "
        "on that host and accepting TCP/IP connections?\nconnection to server at \"b\", port 2 "
        "failed: FATAL:  28000: role \"u\" does not exist\nLOCATION:  x, y.c:1\n");

    EXPECT_EQ(error.kind(), failure::refused);
    EXPECT_STREQ(error.what(), "connection to server at \"a\", port 1 failed: Connection refused; "
                               "connection to server at \"b\", port 2 failed: role \"u\" does not exist");
    EXPECT_EQ(error.hint(), "Check the user, or create the role: docs/security.md has the statements.");
}

TEST(connect_failure, hints_at_what_to_check) {
    EXPECT_EQ(db::connect_failure(
                  server_at("Connection refused\n\tIs the server running on that host and accepting "
                            "TCP/IP connections?"))
                  .hint(),
              "Is the server running on that host and accepting TCP/IP connections?");
    EXPECT_NE(db::connect_failure(server_at("SSL error: certificate verify failed")).hint(), "");
    EXPECT_EQ(db::connect_failure("").kind(), failure::temporary);
}

} // namespace
