#include "exports/settle/look_for_rows.hpp"

#include "db/each_row.hpp"
#include "db/error.hpp"
#include "db/in_savepoint.hpp"

#include <span>
#include <string>
#include <string_view>

namespace exports {

namespace {

awaitable<void> look_for_one(db::connection& session, const file_evidence& known, const row_evidence& row,
                             evidence_look& found) {
    auto seen = rows_seen::none;
    const db::row_function compare = [&seen, &row](std::string_view each) {
        if (seen != rows_seen::some)
            seen = lake::content_hash(each) == row.crc ? rows_seen::some : rows_seen::changed;
    };
    co_await db::for_each_row(session, look_sql(known, std::span(&row, 1)), compare);
    ++(seen == rows_seen::some ? found.same : seen == rows_seen::changed ? found.changed : found.absent);
}

awaitable<void> look_for_all(db::connection& session, const file_evidence& known, evidence_look& found) {
    co_await session.execute("SET LOCAL TimeZone = " + db::connection::literal(known.time_zone));
    for (const auto& row : known.rows)
        co_await look_for_one(session, known, row, found);
}

} // namespace

awaitable<evidence_look> look_for_rows(db::connection& session, std::string evidence) {
    evidence_look found;
    if (evidence.empty())
        co_return found;
    const auto known = readable_evidence(evidence);
    if (!known) {
        found.cut_short = true;
        co_return found;
    }
    const auto refused =
        co_await db::in_savepoint(session, look_for_all(session, *known, found), db::tried::undone);
    // 22: a value that the column's type no longer takes. 42: no such table or column, or no right to it.
    if (refused && !refused->state().starts_with("22") && !refused->state().starts_with("42"))
        throw db::error(*refused);
    found.cut_short = refused.has_value();
    co_return found;
}

rows_seen rows_seen_in(const evidence_look& look) noexcept {
    if (look.same > 0)
        return rows_seen::some;
    if (look.cut_short)
        return rows_seen::cannot_look;
    if (look.changed > 0)
        return rows_seen::changed;
    return look.absent > 0 ? rows_seen::none : rows_seen::not_known;
}

std::size_t rows_missing_in(const evidence_look& look) noexcept { return look.cut_short ? 0 : look.absent; }

} // namespace exports
