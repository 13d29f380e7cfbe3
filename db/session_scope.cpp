#include "db/session_scope.hpp"

#include "async/cleanup.hpp"
#include "async/error.hpp"

namespace db {

namespace {

constexpr std::chrono::seconds abandon_patience{5};

} // namespace

awaitable<void> with_session(database_access database, std::function<awaitable<void>(connection&)> body) {
    const auto session = co_await connection::open(database.options, database.helper, database.log);
    auto* const borrowed = session.get();
    co_await async::with_cleanup(
        body(*session), [borrowed] { return borrowed->abandon(async::deadline::after(abandon_patience)); },
        abandon_patience,
        [&database](std::exception_ptr failed) {
            database.log.warn("db.abandon", "a connection could not be ended in an orderly way",
                              {{"error.message", async::describe(failed)}});
        });
}

} // namespace db
