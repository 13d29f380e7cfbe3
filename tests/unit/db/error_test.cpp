#include "db/error.hpp"
#include "db/impl/server_error.hpp"

#include <gtest/gtest.h>

namespace {

using async::failure;

struct classification {
    const char* state;
    failure kind;
    const char* why;
};

TEST(classify, knows_what_a_sqlstate_means_to_the_caller) {
    const classification table[] = {
        {"40001", failure::temporary, "serialization_failure"},
        {"40P01", failure::temporary, "deadlock_detected"},
        {"40002", failure::unclassified, "transaction_integrity_constraint_violation"},
        {"08006", failure::temporary, "connection_failure"},
        {"08P01", failure::temporary, "PgBouncer"},
        {"53100", failure::temporary, "disk_full"},
        {"53300", failure::temporary, "too_many_connections"},
        {"55P03", failure::temporary, "lock_not_available"},
        {"57P01", failure::temporary, "admin_shutdown"},
        {"57P02", failure::temporary, "crash_shutdown"},
        {"57P03", failure::temporary, "cannot_connect_now"},
        {"57P04", failure::precondition, "database_dropped"},
        {"57014", failure::unclassified, "query_canceled"},
        {"25P03", failure::temporary, "idle_in_transaction_session_timeout"},
        {"25006", failure::precondition, "read_only_sql_transaction"},
        {"25P02", failure::unclassified, "in_failed_sql_transaction"},
        {"28P01", failure::refused, "invalid_password"},
        {"28000", failure::refused, "invalid_authorization_specification"},
        {"42501", failure::refused, "insufficient_privilege"},
        {"23503", failure::precondition, "foreign_key_violation"},
        {"23505", failure::unclassified, "unique_violation"},
        {"27000", failure::precondition, "triggered_data_change_violation"},
        {"55000", failure::precondition, "object_not_in_prerequisite_state"},
        {"3D000", failure::precondition, "invalid_catalog_name"},
        {"3F000", failure::precondition, "invalid_schema_name"},
        {"42P01", failure::precondition, "undefined_table"},
        {"42703", failure::precondition, "undefined_column"},
        {"42883", failure::precondition, "undefined_function"},
        {"42601", failure::unclassified, "syntax_error"},
        {"72000", failure::temporary, "snapshot_too_old"},
        {"XX000", failure::unclassified, "internal_error"},
        {"XX001", failure::integrity, "data_corrupted"},
        {"22021", failure::precondition, "character_not_in_repertoire"},
        {"22P05", failure::precondition, "untranslatable_character"},
        {"58030", failure::unclassified, "io_error"},
        {"P0001", failure::unclassified, "raise_exception"},
        {"", failure::unclassified, "not from the server"},
    };
    for (const classification& row : table)
        EXPECT_EQ(db::classify(row.state), row.kind) << row.state << " " << row.why;
}

TEST(db_error, answers_the_questions_of_a_retry_loop) {
    const db::error serialization(failure::temporary, "could not serialize access", "40001", true);
    EXPECT_TRUE(serialization.serialization_failure());
    EXPECT_TRUE(serialization.may_repeat());
    EXPECT_TRUE(serialization.connection_usable());

    const db::error lost(failure::temporary, "server closed the connection unexpectedly", {}, false);
    EXPECT_FALSE(lost.serialization_failure());
    EXPECT_FALSE(lost.connection_usable());
}

db::server_words said(const char* state, const char* text) {
    db::server_words words;
    words.state = state;
    words.text = text;
    return words;
}

// In whichever language the server speaks.
TEST(describe, tells_the_condition_where_a_text_may_hold_a_value) {
    EXPECT_EQ(db::describe(said(
                  "22P02", "ung\u00fcltige Eingabesyntax f\u00fcr Typ bigint: \u00bb4111 Jane Roe\u00ab")),
              "invalid_text_representation (SQLSTATE 22P02)");
    EXPECT_EQ(db::describe(said("22023", "time zone \"4111 Jane Roe\" not recognized")),
              "invalid_parameter_value (SQLSTATE 22023)");
    EXPECT_EQ(db::describe(said("42P01", "relation \"4111 Jane Roe\" does not exist")),
              "undefined_table (SQLSTATE 42P01)")
        << "no place in the statement is wrong: a row's text was taken for a name";
    EXPECT_EQ(db::describe(said("P0001", "customer Jane Roe")), "raise_exception (SQLSTATE P0001)");
    EXPECT_EQ(db::describe(said("ZZ999", "Jane Roe")), "error (SQLSTATE ZZ999)");
    auto raised = said("55000", "customer Jane Roe");
    raised.in_context = true;
    EXPECT_EQ(db::describe(raised), "object_not_in_prerequisite_state (SQLSTATE 55000), inside a function, a "
                                    "trigger or a COPY")
        << "RAISE may use any SQLSTATE";
}

TEST(describe, passes_on_the_names_that_come_apart_from_the_text) {
    auto words = said("23514", "Jane Roe");
    words.in_context = true;
    words.schema = "public";
    words.table = "Event";
    words.constraint = "positive";
    words.source = "ExecEvalConstraintCheck";
    EXPECT_EQ(db::describe(words),
              "check_violation (SQLSTATE 23514), schema \"public\", table \"Event\", constraint "
              "\"positive\", inside a function, a trigger or a COPY");
}

TEST(describe, does_not_pass_on_names_that_a_function_has_set) {
    for (const char* source : {"exec_stmt_raise", "PLy_output", ""})
        for (const bool in_context : {true, false}) {
            auto words = said("22000", "customer");
            words.in_context = in_context;
            words.source = source;
            words.schema = words.table = words.column = words.constraint = words.type = "Jane Roe";
            EXPECT_EQ(db::describe(words).find("Jane Roe"), std::string::npos) << source << in_context;
        }
}

TEST(describe, does_not_pass_on_the_text_of_a_raise_whatever_its_class_and_context) {
    auto words = said("23514", "customer Jane Roe");
    words.source = "exec_stmt_raise";
    EXPECT_EQ(db::describe(words), "check_violation (SQLSTATE 23514)");
}

TEST(describe, passes_on_what_is_known_to_be_harmless) {
    EXPECT_EQ(db::describe(said("40001", "could not serialize access")), "could not serialize access");
    auto wrong = said("42P01", "relation \"Event\" does not exist");
    wrong.in_statement = true;
    EXPECT_EQ(db::describe(wrong), "relation \"Event\" does not exist");
    auto denied = said("42501", "permission denied for table log");
    denied.in_context = true;
    EXPECT_EQ(db::describe(denied),
              "insufficient_privilege (SQLSTATE 42501), inside a function, a trigger or a COPY");
    denied.source = "aclcheck_error";
    EXPECT_EQ(db::describe(denied), "permission denied for table log");
}

TEST(one_line, joins_lines_with_semicolons) {
    EXPECT_EQ(db::one_line("first\n\tsecond\n\nthird\n"), "first; second; third");
    EXPECT_EQ(db::one_line(""), "");
    EXPECT_EQ(db::one_line("\n"), "");
}

} // namespace
