#include "archive/run/same_definitions.hpp"

#include "archive/table/type_definitions.hpp"
#include "async/error.hpp"
#include "db/lossy_encoding.hpp"
#include "db/session_scope.hpp"
#include "db/transaction.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <functional>

namespace archive {

awaitable<void> must_have_kept_definitions(const run_context& context, const run_transaction& opened) {
    const auto known = co_await read_definitions(opened.session, opened.table.oid); // by the run's snapshot
    if (known.lines.empty())
        co_return;
    type_definitions now;
    const std::function<awaitable<void>(db::connection&)> ask =
        [&now, &opened](db::connection& session) -> awaitable<void> {
        const db::transaction_options options(db::access::read_only);
        auto asking = co_await db::transaction::begin(session, options);
        now = co_await read_definitions(session, opened.table.oid);
        co_await asking.rollback();
    };
    co_await db::with_session(context.access(), ask);
    if (now != known)
        throw lake::conflict(fmt::format("the types of columns of {} were changed while its rows were read",
                                         opened.table.name));
}

awaitable<void> must_come_back_as_it_is(const run_transaction& opened, selection rows) {
    auto& session = opened.session;
    const auto encoding = co_await db::lossy_encoding(session);
    if (encoding.empty())
        co_return;
    const auto& table = opened.table;
    const auto sql = fmt::format("SELECT count(*), to_char(min({}), 'YYYY-MM-DD') FROM {} AS"
                                 " event_archiver_row WHERE {} AND {}",
                                 table.time_column, table.name, where_clause(table, rows),
                                 db::comes_back_otherwise("event_archiver_row"));
    const auto found = co_await session.query(sql);
    const auto count = found.integer(0, 0);
    if (count > 0)
        throw async::error(
            async::failure::precondition,
            fmt::format("{} rows of {} that are due, the first on {}, have a character for which {} has two"
                        " codes: restored, it would have the other one",
                        count, table.name, found.text(0, 1), encoding),
            db::usual_codes_hint(table.name));
}

} // namespace archive
