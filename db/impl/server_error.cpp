#include "db/impl/server_error.hpp"

#include <algorithm>

namespace db {

namespace {

std::string field(const PGresult* from, int code) {
    const char* text = PQresultErrorField(from, code);
    return text ? text : "";
}

// User code raises P0001 with a hint of its own making, and a data exception's may repeat the value.
bool hint_may_hold_values(std::string_view state) {
    return state.starts_with("P0") || state.starts_with("22");
}

async::failure kind_of(std::string_view state, std::string_view message) {
    // One SQLSTATE for a person's cancel and for statement_timeout: only the text tells them apart.
    if (state == "57014" && message.find("statement timeout") != std::string_view::npos)
        return async::failure::temporary;
    return classify(state);
}

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

std::string without_values(std::string_view state, std::string message) {
    if (!state.starts_with("22"))
        return message;
    // invalid input syntax for type integer: "…"
    if (const auto value = message.find(": \""); value != std::string::npos)
        message.erase(value);
    // value "…" is out of range for type integer
    if (message.starts_with("value \"")) {
        const auto end = message.rfind('"');
        message.erase(5, end - 4);
    }
    return message;
}

error error_of(const PGresult* failed, bool connection_usable) {
    std::string state = field(failed, PG_DIAG_SQLSTATE);
    if (state.empty()) {
        const auto kind = connection_usable ? async::failure::unclassified : async::failure::temporary;
        return {kind, one_line(PQresultErrorMessage(failed)), {}, connection_usable};
    }
    std::string message = field(failed, PG_DIAG_MESSAGE_PRIMARY);
    const auto kind = kind_of(state, message);
    std::string hint = hint_may_hold_values(state) ? std::string() : field(failed, PG_DIAG_MESSAGE_HINT);
    message = one_line(without_values(state, std::move(message)));
    return {kind, std::move(message), std::move(state), connection_usable, std::move(hint)};
}

error broken_connection(const PGconn* handle) {
    std::string message = one_line(PQerrorMessage(handle));
    if (message.empty())
        message = "the connection to the database server is lost";
    return {async::failure::temporary, std::move(message), {}, false};
}

} // namespace db
