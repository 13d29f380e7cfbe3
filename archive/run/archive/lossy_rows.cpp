#include "archive/run/archive/lossy_rows.hpp"

#include "async/error.hpp"
#include "db/lossy_encoding.hpp"

#include <fmt/format.h>

namespace archive {

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
