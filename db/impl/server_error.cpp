#include "db/impl/server_error.hpp"

#include "db/condition_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace db {

namespace {

std::string field(const PGresult* from, int code) {
    const char* text = PQresultErrorField(from, code);
    return text ? text : "";
}

// Zero if the server names none.
std::size_t position_of(const PGresult* failed) {
    const auto digits = field(failed, PG_DIAG_STATEMENT_POSITION);
    std::size_t position = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), position);
    return position;
}

server_words words_of(const PGresult* from) {
    server_words said;
    if (const auto state = field(from, PG_DIAG_SQLSTATE); !state.empty())
        said.state = known_state(state);
    said.text = field(from, PG_DIAG_MESSAGE_PRIMARY);
    said.schema = field(from, PG_DIAG_SCHEMA_NAME);
    said.table = field(from, PG_DIAG_TABLE_NAME);
    said.column = field(from, PG_DIAG_COLUMN_NAME);
    said.constraint = field(from, PG_DIAG_CONSTRAINT_NAME);
    said.type = field(from, PG_DIAG_DATATYPE_NAME);
    said.source = field(from, PG_DIAG_SOURCE_FUNCTION);
    said.in_statement = !field(from, PG_DIAG_STATEMENT_POSITION).empty();
    said.in_context = !field(from, PG_DIAG_CONTEXT).empty() || !field(from, PG_DIAG_INTERNAL_QUERY).empty();
    return said;
}

// Text that the server itself writes, and no function of a database: names and numbers, and nothing of a row.
constexpr std::array<std::string_view, 12> harmless{"08", "23", "25", "28", "40",    "42501",
                                                    "53", "54", "55", "57", "XX001", "XX002"};
// What is wrong with the statement as it was written; the text may quote the statement.
constexpr std::array<std::string_view, 4> about_the_statement{"0A", "3D", "3F", "42"};
// These functions of the server have texts of names alone, even where a trigger or a COPY led to them.
constexpr std::array<std::string_view, 6> plain_speakers{"aclcheck_error",    "ri_ReportViolation",
                                                         "_bt_check_unique",  "ExecConstraints",
                                                         "ProcessInterrupts", "DeadLockReport"};

// These functions of the server send names of tables, columns, constraints and types apart from the text. So
// does a RAISE, from whatever the function took for a name, such as OLD.payload.
constexpr std::array<std::string_view, 13> name_givers{"ATRewriteTable",
                                                       "ExecConstraints",
                                                       "ExecEvalConstraintCheck",
                                                       "ExecEvalConstraintNotNull",
                                                       "ExecPartitionCheckEmitError",
                                                       "ReportNotNullViolationError",
                                                       "_bt_check_unique",
                                                       "check_exclusion_or_unique_constraint",
                                                       "comparetup_index_btree",
                                                       "comparetup_index_btree_tiebreak",
                                                       "domain_check_input",
                                                       "ri_ReportViolation",
                                                       "unique_key_recheck"};
constexpr std::string_view of_raise = "exec_stmt_raise";

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
    return std::ranges::find(names, name) != names.end();
}

template <std::size_t N>
bool begins_with_one_of(std::string_view state, const std::array<std::string_view, N>& classes) {
    return std::ranges::any_of(classes, [state](auto each) { return state.starts_with(each); });
}

// A trigger's or a function's own statement found no such name: in a transaction of ours only pg_catalog is
// on the path.
bool missed_a_name(const server_words& said) {
    return said.in_context &&
           (said.state == "42P01" || said.state == "42883" || said.state == "42704" || said.state == "3F000");
}

constexpr std::string_view own_path_hint =
    "It arose inside a function of the database, one that a trigger, a default or a constraint calls. Here "
    "it finds"
    " names in pg_catalog alone: give it a path of its own, ALTER FUNCTION ... SET search_path = ....";

} // namespace

std::string one_line(std::string_view text) {
    std::string line;
    bool gap = false;
    for (const char c : text) {
        if (c == '\n') {
            gap = true;
        } else if (!gap) {
            line += c;
        } else if (c != ' ' && c != '\t') {
            if (!line.empty())
                line += "; ";
            line += c;
            gap = false;
        }
    }
    return line;
}

bool is_harmless(const server_words& said) {
    if (said.source == of_raise)
        return false;
    if (begins_with_one_of(said.state, about_the_statement) && said.in_statement && !said.in_context)
        return true;
    if (!begins_with_one_of(said.state, harmless))
        return false;
    return !said.in_context || is_one_of(said.source, plain_speakers);
}

std::string describe(const server_words& said) {
    if (is_harmless(said))
        return one_line(said.text);
    std::string text(condition_name(said.state));
    text += " (SQLSTATE " + said.state + ')';
    const auto add = [&text](std::string_view label, const std::string& name) {
        if (!name.empty())
            text.append(", ").append(label).append(" \"").append(name).append("\"");
    };
    if (is_one_of(said.source, name_givers)) {
        add("schema", said.schema);
        add("table", said.table);
        add("column", said.column);
        add("constraint", said.constraint);
        add("type", said.type);
    }
    if (said.in_context)
        text += ", inside a function, a trigger or a COPY";
    return text;
}

error error_of(const PGresult* failed, bool connection_usable) {
    const server_words said = words_of(failed);
    if (said.state.empty()) {
        const auto kind = connection_usable ? async::failure::unclassified : async::failure::temporary;
        return {kind, one_line(PQresultErrorMessage(failed)), {}, connection_usable};
    }
    std::string hint;
    if (missed_a_name(said))
        hint = own_path_hint;
    else if (is_harmless(said))
        hint = field(failed, PG_DIAG_MESSAGE_HINT);
    error made(classify(said.state), describe(said), said.state, connection_usable, std::move(hint));
    made.set_server_words(one_line(said.text));
    made.set_position(position_of(failed));
    return made;
}

error broken_connection(const PGconn* handle) {
    std::string message = one_line(PQerrorMessage(handle));
    if (message.empty())
        message = "the connection to the database server is lost";
    return {async::failure::temporary, std::move(message), {}, false};
}

} // namespace db
