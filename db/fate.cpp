#include "db/fate.hpp"

#include "db/error.hpp"
#include "db/in_savepoint.hpp"

#include <array>
#include <utility>

namespace db {

namespace {

awaitable<void> ask(connection& session, std::string transaction, fate& seen) {
    const std::array parameters{parameter(transaction)};
    // The second column asks the snapshot that rows are read with; the first one answers for this moment.
    const auto found = co_await session.query(
        "SELECT pg_catalog.pg_xact_status($1::pg_catalog.xid8),"
        " pg_catalog.pg_visible_in_snapshot($1::pg_catalog.xid8, pg_catalog.pg_current_snapshot())",
        parameters);
    if (!found.is_null(0, 0))
        seen = fate_seen(found.text(0, 0), found.boolean(0, 1));
}

} // namespace

fate fate_seen(std::string_view status, bool behind_snapshot) noexcept {
    if (status == "aborted")
        return fate::aborted;
    return status == "committed" && behind_snapshot ? fate::committed : fate::in_progress;
}

awaitable<fate> fate_of(connection& session, std::string transaction, server_position then,
                        server_position now) {
    if (compare_histories(then, now) != history::same)
        co_return fate::unknown;
    auto seen = fate::unknown;
    const auto refused = co_await in_savepoint(session, ask(session, std::move(transaction), seen));
    // 22023: "transaction ID … is in the future": this server has not come that far.
    if (refused && refused->state() != "22023")
        throw error(*refused);
    co_return seen;
}

commit_decision decide_commit(db::commit_outcome outcome) noexcept {
    switch (outcome) {
    case db::commit_outcome::committed:
        return commit_decision::finalise;
    case db::commit_outcome::rolled_back:
        return commit_decision::put_back;
    case db::commit_outcome::in_doubt:
        break;
    }
    return commit_decision::ask;
}

commit_decision decide_commit_in_doubt(fate asked, bool same_server) noexcept {
    if (!same_server && asked != fate::in_progress)
        return commit_decision::leave_marks;
    switch (asked) {
    case fate::committed:
        return commit_decision::finalise;
    case fate::aborted:
        return commit_decision::put_back;
    case fate::in_progress:
        return commit_decision::wait;
    case fate::unknown:
        break;
    }
    return commit_decision::leave_marks;
}

std::string_view to_string(fate value) noexcept {
    switch (value) {
    case fate::committed:
        return "committed";
    case fate::aborted:
        return "aborted";
    case fate::in_progress:
        return "in progress";
    case fate::unknown:
        break;
    }
    return "unknown";
}

} // namespace db
