// Whether the table has the rows that a file's mark keeps as evidence.
// Tested by tests/fault/test_export_evidence.py.

#include "db/each_row.hpp"
#include "db/error.hpp"
#include "exports/attempt.hpp"

#include <stdexcept>

namespace exports {

namespace {

awaitable<rows_seen> look_for(db::connection& session, const file_evidence& known, const row_evidence& row) {
    auto found = rows_seen::none;
    const db::row_function compare = [&found, &row](std::string_view each) {
        if (found != rows_seen::some)
            found = lake::content_hash(each) == row.crc ? rows_seen::some : rows_seen::changed;
    };
    co_await db::for_each_row(session, look_sql(known, row), compare);
    co_return found;
}

} // namespace

// Unknown if the table is gone or has other columns now. Leaves the transaction usable.
awaitable<rows_seen> exporter::look_for_rows(attempt& work, const file_mark& mark) {
    if (mark.evidence.empty())
        co_return rows_seen::not_known;
    co_await work.session.execute("SAVEPOINT looking");
    auto seen = rows_seen::none;
    try {
        const auto known = evidence_from(mark.evidence);
        co_await work.session.execute("SET LOCAL TimeZone = " + db::connection::literal(known.time_zone));
        for (const auto& row : known.rows)
            if (seen != rows_seen::some) {
                const auto now = co_await look_for(work.session, known, row);
                seen = now == rows_seen::none ? seen : now;
            }
    } catch (const std::invalid_argument&) {
        seen = rows_seen::cannot_look;
    } catch (const db::error& failed) {
        // 22: a value that the column's type no longer takes. 42: no such table or column, or no right to it.
        if (!failed.state().starts_with("22") && !failed.state().starts_with("42"))
            throw;
        seen = rows_seen::cannot_look;
    }
    co_await work.session.execute("ROLLBACK TO SAVEPOINT looking");
    co_return seen;
}

awaitable<std::size_t> exporter::absent_rows(attempt& work, const file_mark& mark) {
    std::size_t absent = 0;
    if (mark.evidence.empty())
        co_return absent;
    co_await work.session.execute("SAVEPOINT looking");
    try {
        const auto known = evidence_from(mark.evidence);
        co_await work.session.execute("SET LOCAL TimeZone = " + db::connection::literal(known.time_zone));
        for (const auto& row : known.rows)
            if (const auto now = co_await look_for(work.session, known, row); now == rows_seen::none)
                ++absent;
    } catch (const std::invalid_argument&) {
        absent = 0; // what cannot be read is no evidence
    } catch (const db::error& failed) {
        if (!failed.state().starts_with("22") && !failed.state().starts_with("42"))
            throw;
        absent = 0; // nor is a table that is gone or changed
    }
    co_await work.session.execute("ROLLBACK TO SAVEPOINT looking");
    co_return absent;
}

} // namespace exports
