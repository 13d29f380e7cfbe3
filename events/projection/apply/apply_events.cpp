#include "events/projection/apply/apply_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace events {

namespace {

// Type OIDs of pg_type.dat.
constexpr std::array<std::uint32_t, batch_parameters> parameter_types{114, 1185, 1009, 20,
                                                                      199, 2951, 3911, 25};

std::string parameter_text(std::size_t index, const events_to_apply& given) {
    switch (index) {
    case 0:
        return values_parameter(given.events);
    case 1:
        return times_parameter(given.events);
    case 2:
        return keys_parameter(given.events);
    case 3:
        return std::to_string(given.events.empty() ? 0 : given.events.front().at);
    case 4:
        return headers_parameter(given.events);
    case 5:
        return ids_parameter(given.events, given.from);
    case 6:
        return std::string(given.left_out);
    default:
        return stream_parameter(given.from);
    }
}

// PostgreSQL documentation, appendix A: the session, names and rights, states of objects, the operator,
// files.
constexpr std::array<std::string_view, 13> about_the_statement{"24", "25", "26", "28", "34", "3B", "3D",
                                                               "3F", "42", "55", "57", "58", "F0"};

} // namespace

awaitable<void> apply_events(db::connection& session, const apply_sql& sql, events_to_apply given) {
    std::array<std::string, batch_parameters> texts;
    std::array<db::typed_parameter, batch_parameters> parameters;
    for (std::size_t each = 0; each < batch_parameters; ++each) {
        parameters.at(each).type = parameter_types.at(each);
        if (!sql.uses.at(each))
            continue;
        texts.at(each) = parameter_text(each, given);
        parameters.at(each).value = texts.at(each);
    }
    try {
        for (const auto& statement : sql.statements)
            (void)co_await session.query_typed(statement, parameters);
    } catch (db::error& said) {
        if (!said.state().empty() && !sql.file.empty())
            said.add_context(fmt::format("'{}'", sql.file));
        throw;
    }
}

refusal refusal_of(const db::error& said) noexcept {
    const auto& state = said.state();
    if (!said.connection_usable())
        return refusal::server;
    if (state.starts_with("22") || state.starts_with("23") || state == "P0001")
        return refusal::event;
    if (state == cancelled_state || state == "53200")
        return refusal::passing;
    if (said.kind() == async::failure::temporary)
        return refusal::server;
    const auto begins = [&state](std::string_view prefix) { return state.starts_with(prefix); };
    // Damaged files are of the kind integrity.
    if (state.empty() || said.kind() == async::failure::integrity ||
        std::ranges::any_of(about_the_statement, begins))
        return refusal::statement;
    return refusal::unclear;
}

awaitable<std::optional<db::error>> try_events(db::connection& session, const apply_sql& sql,
                                               events_to_apply given, refusal reach, statement_end at_end) {
    std::optional<db::error> refused;
    co_await session.execute("SAVEPOINT event_archiver");
    try {
        co_await apply_events(session, sql, given);
        // What the statements put off would fail at COMMIT, where no savepoint is left.
        co_await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
        if (at_end)
            co_await at_end(session);
        co_await session.execute("RELEASE SAVEPOINT event_archiver");
    } catch (const db::error& said) {
        if (refusal_of(said) > reach || !said.connection_usable())
            throw;
        refused = said;
    }
    if (refused)
        co_await session.execute("ROLLBACK TO SAVEPOINT event_archiver; RELEASE SAVEPOINT event_archiver");
    co_return refused;
}

awaitable<std::optional<db::error>> try_no_events(db::connection& session, const apply_sql& sql,
                                                  const event_source& from) {
    const events_to_apply none{event_list(), from};
    co_await session.execute("SAVEPOINT event_archiver_without_events");
    auto refused = co_await try_events(session, sql, none, refusal::unclear);
    co_await session.execute("ROLLBACK TO SAVEPOINT event_archiver_without_events;"
                             " RELEASE SAVEPOINT event_archiver_without_events");
    co_return refused;
}

} // namespace events
