#include "events/projection/apply_events.hpp"

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
        return std::to_string(given.events.front().at);
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
    for (const auto& statement : sql.statements)
        (void)co_await session.query_typed(statement, parameters);
}

bool is_about_events(const db::error& said) noexcept {
    const auto& state = said.state();
    return state.starts_with("22") || state.starts_with("23") || state == "P0001";
}

awaitable<std::optional<db::error>> try_events(db::connection& session, const apply_sql& sql,
                                               events_to_apply given, failure_reach reach) {
    std::optional<db::error> refused;
    co_await session.execute("SAVEPOINT event_archiver");
    try {
        co_await apply_events(session, sql, given);
    } catch (const db::error& said) {
        const bool passes = reach == failure_reach::events ? !is_about_events(said)
                                                           : said.kind() == async::failure::temporary;
        if (passes || !said.connection_usable())
            throw;
        refused = said;
    }
    co_await session.execute(refused
                                 ? "ROLLBACK TO SAVEPOINT event_archiver; RELEASE SAVEPOINT event_archiver"
                                 : "RELEASE SAVEPOINT event_archiver");
    co_return refused;
}

} // namespace events
