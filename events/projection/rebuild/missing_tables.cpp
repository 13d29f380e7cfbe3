#include "events/projection/rebuild/missing_tables.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <exception>
#include <string_view>

namespace events {

namespace {

using async::failure;

bool is_there_already(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const db::error& said) {
        const std::string_view state = said.state();
        return state == "42P07" || state == "42710"; // duplicate_table, duplicate_object
    } catch (...) {
        return false;
    }
}

} // namespace

awaitable<std::string> missing_table(db::connection& session, const projection_definition& which) {
    for (const auto& each : which.settings.tables) {
        const auto found = co_await session.query(
            "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
            " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
            " WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name"
            " AND c.relname OPERATOR(pg_catalog.=) $2::pg_catalog.name",
            each.schema, each.table);
        if (found.integer(0, 0) == 0)
            co_return each.quoted();
    }
    co_return std::string();
}

awaitable<void> make_missing_tables(db::connection& session, const projection_definition& which) {
    const auto missing = co_await missing_table(session, which);
    if (missing.empty())
        co_return;
    co_await session.execute("SAVEPOINT event_archiver_new_files");
    const auto failed = co_await async::caught_error(migrate_within(session, which));
    if (failed && (!session.usable() || async::failure_of(failed) == failure::temporary))
        std::rethrow_exception(failed);
    auto still_missing = missing;
    if (!failed)
        still_missing = co_await missing_table(session, which);
    if (still_missing.empty())
        co_return;
    co_await session.execute("ROLLBACK TO SAVEPOINT event_archiver_new_files");
    const auto failed_again = co_await async::caught(migrate_again(session, which));
    if (failed_again && failed && session.usable())
        std::rethrow_exception(failed); // the new file is what a person has to look at
    if (failed_again && is_there_already(failed_again))
        throw async::error(
            failure::precondition,
            fmt::format("table {} of projection '{}' is not there, and the migration that makes it makes"
                        " others that are: {}",
                        missing, which.name, async::describe(failed_again)),
            fmt::format("`event-archiver projections rebuild {}` makes all of them; or drop the others, too.",
                        which.name));
    if (failed_again)
        std::rethrow_exception(failed_again);
}

} // namespace events
