#include "db/in_savepoint.hpp"

#include <utility>

namespace db {

awaitable<std::optional<error>> in_savepoint(connection& session, awaitable<void> statements, tried changes) {
    co_await session.execute("SAVEPOINT event_archiver_try");
    std::optional<error> failed;
    try {
        co_await std::move(statements);
    } catch (const error& refused) {
        if (!refused.connection_usable())
            throw;
        failed = refused;
    }
    const bool is_kept = !failed && changes == tried::kept;
    co_await session.execute(
        is_kept ? "RELEASE SAVEPOINT event_archiver_try"
                : "ROLLBACK TO SAVEPOINT event_archiver_try; RELEASE SAVEPOINT event_archiver_try");
    co_return failed;
}

} // namespace db
