// Counts what select.sql changed. It must change nothing: rows that a query deletes or changes are in no
// file, and delete.sql does not find them any more. Nor may it change how values are written: the rows that
// are deleted would be compared in the form in which it has written them.
// Tested by tests/integration/test_export_select.py.

#include "async/ascii.hpp"
#include "async/error.hpp"
#include "db/lossy_encoding.hpp"
#include "db/side_effects.hpp"
#include "exports/attempt.hpp"
#include "exports/own_path.hpp"
#include "exports/task_sql.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace exports {

namespace {

std::string changes_in(const db::changed_rows& changed) {
    std::vector<std::string> said;
    for (const auto& each : db::by_root(changed.relations))
        said.push_back(
            db::in_words({{each.root, each.table}, false, each.inserted, each.updated, each.deleted}));
    if (changed.storage_changed)
        said.emplace_back("truncated, rewrote or dropped a table");
    if (!changed.measured && said.empty())
        said.emplace_back("wrote something, and this server does not count changes (track_counts is off)");
    return fmt::format("{}", fmt::join(said, ", "));
}

// Settings that decide what a value's text is, or which table a name means.
constexpr std::array<std::string_view, 11> settings_of_forms{
    "TimeZone",  "DateStyle",   "IntervalStyle", "extra_float_digits",    "bytea_output", "client_encoding",
    "xmlbinary", "lc_monetary", "search_path",   "quote_all_identifiers", "lc_time"};

awaitable<std::vector<std::string>> read_forms(db::connection& session) {
    const auto sql = fmt::format("SELECT pg_catalog.current_setting(name, true) FROM "
                                 "pg_catalog.unnest('{{{}}}'::pg_catalog.text[]) AS name",
                                 fmt::join(settings_of_forms, ","));
    const auto found = co_await session.query(sql);
    std::vector<std::string> forms;
    for (int each = 0; each < found.rows(); ++each)
        forms.emplace_back(found.text(each, 0));
    co_return forms;
}

// Which has every character.
bool is_utf8(std::string_view encoding) {
    const auto name = async::uppercase(encoding);
    return name == "UTF8" || name == "UTF-8";
}

// Whether a row of the query has a text that this encoding does not give back.
awaitable<bool> loses_characters(db::connection& session, const std::string& task, const select_shape& select,
                                 std::string_view encoding) {
    const auto sql = fmt::format("SELECT EXISTS (SELECT FROM ({}\n) AS event_archiver_row WHERE {})",
                                 select.query, db::comes_back_otherwise("event_archiver_row", encoding));
    const auto found = co_await naming(task + "/select.sql", session.query(sql));
    co_return found.boolean(0, 0);
}

} // namespace

awaitable<void> exporter::must_come_back(attempt& work, const select_shape& select) const {
    const auto of_database = co_await db::lossy_encoding(work.session);
    if (!of_database.empty() && co_await loses_characters(work.session, work.task, select, "UTF8"))
        throw async::error(
            async::failure::precondition,
            fmt::format("task '{}': rows have a character for which {} has two codes: in the file it would be"
                        " the other one, and they would be deleted",
                        work.task, of_database),
            db::usual_codes_hint("(the query of select.sql)"));
    if (!select.encoding.empty() && !is_utf8(select.encoding) &&
        co_await loses_characters(work.session, work.task, select, select.encoding))
        throw async::error(async::failure::precondition,
                           fmt::format("task '{}': rows have a character that ENCODING '{}' writes as another"
                                       " one, and they would be deleted",
                                       work.task, select.encoding),
                           "Remove ENCODING from select.sql: the file is then UTF-8, which has each "
                           "character. Or convert the file afterwards, where this loss is wanted.");
}

awaitable<void> exporter::watch_select(attempt& work) {
    work.forms = co_await read_forms(work.session);
    auto path = co_await take_own_path(work.session);
    work.untouched = co_await db::read_change_counters(work.session);
    co_await give_path_back(work.session, std::move(path));
}

awaitable<void> exporter::look_at_select(attempt& work) {
    const auto forms = co_await read_forms(work.session);
    for (std::size_t at = 0; at < forms.size(); ++at)
        if (forms[at] != work.forms.at(at))
            throw async::error(
                async::failure::precondition,
                fmt::format("task '{}': select.sql, which may only read, also sets {} to '{}'", work.task,
                            settings_of_forms.at(at), forms[at]),
                "Nothing was changed. Values would be written otherwise than the table has them: remove "
                "set_config, or the function that changes the setting, from select.sql.");
    // A transaction that has written has a number: for a query that only reads, one question is enough.
    const auto wrote =
        co_await work.session.query("SELECT pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL");
    if (!wrote.boolean(0, 0))
        co_return;
    auto path = co_await take_own_path(work.session);
    auto now = co_await db::read_change_counters(work.session);
    co_await give_path_back(work.session, std::move(path));
    const auto changes = changes_in(db::difference(work.untouched, now));
    if (!changes.empty())
        throw async::error(
            async::failure::precondition,
            fmt::format("task '{}': select.sql, which may only read, also {}", work.task, changes),
            "Nothing was changed. Remove the function that does it from select.sql, or let it only read; "
            "EXPORT_SIDE_EFFECTS=allow is for delete.sql alone.");
    work.untouched = std::move(now);
}

} // namespace exports
