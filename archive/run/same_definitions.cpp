#include "archive/run/same_definitions.hpp"

#include "archive/table/type_definitions.hpp"
#include "async/error.hpp"
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
    const auto asked = co_await session.query("SELECT current_setting('server_encoding')");
    const std::string encoding(asked.text(0, 0));
    // In the last of these, two characters together may be one of UTF-8 that has a code of its own.
    if (encoding != "EUC_JP" && encoding != "EUC_TW" && encoding != "EUC_JIS_2004")
        co_return;
    const auto& table = opened.table;
    const std::string differs =
        "convert_from(convert_to((event_archiver_row.*)::text, 'UTF8'), 'UTF8') COLLATE \"C\""
        " <> (event_archiver_row.*)::text";
    const auto sql = fmt::format("SELECT count(*), to_char(min({}), 'YYYY-MM-DD') FROM {} AS"
                                 " event_archiver_row WHERE {} AND {}",
                                 table.time_column, table.name, where_clause(table, rows), differs);
    const auto found = co_await session.query(sql);
    const auto count = found.integer(0, 0);
    if (count > 0)
        throw async::error(
            async::failure::precondition,
            fmt::format("{} rows of {} that are due, the first on {}, have a character for which {} has two"
                        " codes: restored, it would have the other one",
                        count, table.name, found.text(0, 1), encoding),
            fmt::format("Write the usual code: UPDATE each text column with convert_from(convert_to(column,"
                        " 'UTF8'), 'UTF8'). These rows have it: SELECT * FROM {} AS r WHERE convert_from("
                        "convert_to(r::text, 'UTF8'), 'UTF8') <> r::text.",
                        table.name));
}

} // namespace archive
