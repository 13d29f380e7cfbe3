#include "exports/rows/select_watch.hpp"

#include "async/error.hpp"
#include "db/side_effects.hpp"
#include "exports/rows/own_path.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

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

} // namespace

awaitable<void> select_watch::begin() {
    forms_ = co_await read_forms(session_);
    auto path = co_await take_own_path(session_);
    counters_ = co_await db::read_change_counters(session_);
    co_await give_path_back(session_, std::move(path));
}

awaitable<void> select_watch::look(std::string task) {
    const auto forms = co_await read_forms(session_);
    for (std::size_t at = 0; at < forms.size(); ++at)
        if (forms[at] != forms_.at(at))
            throw async::error(
                async::failure::precondition,
                fmt::format("task '{}': select.sql, which may only read, also sets {} to '{}'", task,
                            settings_of_forms.at(at), forms[at]),
                "Nothing was changed. Values would be written otherwise than the table has them: remove "
                "set_config, or the function that changes the setting, from select.sql.");
    // A transaction that has written has a number: for a query that only reads, one question is enough.
    const auto wrote =
        co_await session_.query("SELECT pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL");
    if (!wrote.boolean(0, 0))
        co_return;
    auto path = co_await take_own_path(session_);
    auto now = co_await db::read_change_counters(session_);
    co_await give_path_back(session_, std::move(path));
    const auto changes = changes_in(db::difference(counters_, now));
    if (!changes.empty())
        throw async::error(
            async::failure::precondition,
            fmt::format("task '{}': select.sql, which may only read, also {}", task, changes),
            "Nothing was changed. Remove the function that does it from select.sql, or let it only read; "
            "EXPORT_SIDE_EFFECTS=allow is for delete.sql alone.");
    counters_ = std::move(now);
}

} // namespace exports
