#include "db/side_effects.hpp"

#include "async/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace db {

using async::failure;

namespace {

std::string rows_in_words(std::string_view did, std::uint64_t rows) {
    return fmt::format("{} {} row{}", did, rows, rows == 1 ? "" : "s");
}

[[noreturn]] void refuse_uncounted(const delete_watch& watch, const std::vector<effect>& effects) {
    throw async::error(
        failure::precondition,
        fmt::format("a DELETE from {} may change other rows, and this server does not count what it changes"
                    " (track_counts is off): {}",
                    watch.table.name, in_words(effects)),
        fmt::format("Turn track_counts on, or drop the constraint or trigger. {}=allow lets foreign keys"
                    " change other tables uncounted; never triggers, nor rows of the table itself.",
                    watch.setting));
}

[[noreturn]] void refuse(const delete_watch& watch, const std::vector<side_effect>& refused,
                         const std::vector<effect>& foreseen) {
    std::vector<std::string> said;
    bool own = false;
    for (const auto& each : refused) {
        const auto why = explain(foreseen, each.table.oid);
        own = own || (each.own && each.deleted > 0);
        said.push_back(fmt::format("{}{} ({})", in_words(each),
                                   each.own && each.deleted > 0 ? " that are in no file" : "",
                                   why.empty() ? "the catalog does not say by what" : in_words(why)));
    }
    throw async::error(
        failure::precondition,
        fmt::format("deleting from {} also {}", watch.table.name, fmt::join(said, ", ")),
        own ? fmt::format("Nothing was deleted. Change the constraint or trigger so that these rows stay, for"
                          " example to ON DELETE SET NULL; {}=allow does not cover rows of the table itself.",
                          watch.setting)
            : fmt::format(
                  "Nothing was deleted. Archive those rows first, change the constraint or trigger, or"
                  " set {}=allow if they may go along.",
                  watch.setting));
}

[[noreturn]] void refuse_other_table(const delete_watch& watch, std::uint64_t rows,
                                     const std::vector<effect>& foreseen) {
    if (watch.table.oid == 0)
        throw async::error(
            failure::precondition,
            fmt::format("it is not known which table a DELETE from {} takes rows from, and this"
                        " server does not count what it changes (track_counts is off)",
                        watch.table.name),
            "Nothing was deleted. Name the table itself, or turn track_counts on.");
    throw async::error(
        failure::precondition,
        fmt::format("{} itself did not lose the {} rows that were deleted from it ({})", watch.table.name,
                    rows, foreseen.empty() ? "the catalog does not say by what" : in_words(foreseen)),
        "Nothing was deleted. Take the rule or trigger away that does something else in their stead; a "
        "foreign"
        " table's rows go by DELETE on its own server.");
}

constexpr std::string_view heirs_sql =
    "WITH RECURSIVE heirs AS (SELECT $1::pg_catalog.oid AS member UNION SELECT i.inhrelid FROM"
    " pg_catalog.pg_inherits i JOIN heirs h ON i.inhparent OPERATOR(pg_catalog.=) h.member)"
    " SELECT member::pg_catalog.int8 FROM heirs";

// Counts what changed in them as the table's own: a DELETE from it takes their rows too.
awaitable<void> take_heirs_in(connection& session, table_name table, changed_rows& changed) {
    if (std::ranges::all_of(changed.relations, [&](const auto& each) { return each.root == table.oid; }))
        co_return;
    const auto heirs = co_await heirs_of(session, table.oid);
    for (auto& each : changed.relations)
        if (heirs.contains(each.root)) {
            each.root = table.oid;
            each.table = table.name;
        }
}

} // namespace

awaitable<std::set<std::uint32_t>> heirs_of(connection& session, std::uint32_t table) {
    std::set<std::uint32_t> heirs;
    const auto number = std::to_string(table);
    const auto found = co_await session.query(heirs_sql, number);
    for (int row = 0; row < found.rows(); ++row)
        heirs.insert(static_cast<std::uint32_t>(found.integer(row, 0)));
    co_return heirs;
}

awaitable<std::string> replaced_tables(connection& session) {
    const auto found = co_await session.query(
        "SELECT string_agg(oid::pg_catalog.regclass::text, ', ') FROM pg_catalog.pg_class c WHERE"
        " relkind = 'r' AND relpersistence <> 't'"
        " AND (relfilenode <> oid AND pg_catalog.age(xmin) <= 0 OR EXISTS (SELECT FROM"
        "      pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0 AND attisdropped"
        "      AND pg_catalog.age(a.xmin) <= 0))"
        " AND relnamespace <> 'pg_catalog'::pg_catalog.regnamespace");
    co_return found.is_null(0, 0) ? "a table" : std::string(found.text(0, 0));
}

std::optional<std::vector<side_effect>> beyond_counted(const changed_rows& changed, std::uint32_t root,
                                                       std::uint64_t rows,
                                                       std::uint64_t side_effect::*counted) {
    std::vector<side_effect> found;
    bool seen = rows == 0;
    for (const auto& each : by_root(changed.relations)) {
        side_effect one{
            {each.root, each.table}, each.root == root, each.inserted, each.updated, each.deleted};
        if (one.own) {
            if (one.*counted < rows)
                return std::nullopt;
            seen = true;
            one.*counted -= rows;
        }
        if (one.inserted != 0 || one.updated != 0 || one.deleted != 0)
            found.push_back(std::move(one));
    }
    if (!changed.measured || !seen)
        return std::nullopt;
    return found;
}

std::optional<std::vector<side_effect>> beyond(const changed_rows& changed, std::uint32_t root,
                                               std::uint64_t rows) {
    return beyond_counted(changed, root, rows, &side_effect::deleted);
}

bool may_be(const side_effect& effect, side_effects policy) noexcept {
    if (effect.own && effect.deleted > 0)
        return false;
    const bool harmless = effect.deleted == 0 && effect.updated == 0 && !effect.own;
    return harmless || policy == side_effects::allow;
}

std::vector<effect> not_allowed(const std::vector<effect>& foreseen, std::uint32_t root,
                                side_effects policy) {
    std::vector<effect> refused;
    std::ranges::copy_if(foreseen, std::back_inserter(refused), [root, policy](const effect& each) {
        const bool elsewhere = each.reason == effect::cause::constraint &&
                               (each.table.oid != root || each.change == change::updated);
        return policy == side_effects::refuse || !elsewhere;
    });
    return refused;
}

std::string in_words(const side_effect& effect) {
    std::vector<std::string> did;
    if (effect.deleted > 0)
        did.push_back(rows_in_words("deleted", effect.deleted));
    if (effect.updated > 0)
        did.push_back(rows_in_words("updated", effect.updated));
    if (effect.inserted > 0)
        did.push_back(rows_in_words("inserted", effect.inserted));
    return fmt::format("{} of {}", fmt::join(did, " and "), effect.table.name);
}

awaitable<std::vector<side_effect>> look_at_effects(connection& session, delete_watch watch,
                                                    const change_counters& before, std::uint64_t rows,
                                                    storage stored) {
    const auto after = co_await read_change_counters(session);
    auto changed = difference(before, after);
    changed.storage_changed = changed.storage_changed && stored == storage::must_stay;
    if (watch.table.oid == 0)
        rows = 0;
    else
        co_await take_heirs_in(session, watch.table, changed);
    auto found = beyond(changed, watch.table.oid, rows);
    std::vector<side_effect> refused;
    if (found)
        std::ranges::copy_if(*found, std::back_inserter(refused),
                             [&watch](const side_effect& each) { return !may_be(each, watch.policy); });
    if (found && refused.empty() && !changed.storage_changed)
        co_return std::move(*found);

    const auto catalog = co_await read_effect_catalog(session);
    const auto foreseen = effects_of_delete(catalog, watch.table.oid);
    if (changed.storage_changed) {
        const auto which = co_await replaced_tables(session);
        throw async::error(
            failure::precondition,
            fmt::format("deleting from {} also truncated, rewrote or dropped {} ({})", watch.table.name,
                        which, in_words(explain(foreseen, 0))),
            "Nothing was deleted. Take the trigger away: which rows went with it cannot be counted.");
    }
    if (!refused.empty())
        refuse(watch, refused, foreseen);
    if (changed.measured || watch.table.oid == 0)
        refuse_other_table(watch, rows, foreseen);
    if (const auto open = not_allowed(foreseen, watch.table.oid, watch.policy); !open.empty())
        refuse_uncounted(watch, open);
    co_return std::vector<side_effect>();
}

awaitable<std::vector<effect>> foresee_effects(connection& session, delete_watch watch) {
    const auto catalog = co_await read_effect_catalog(session);
    auto foreseen = effects_of_delete(catalog, watch.table.oid);
    const auto counts = co_await session.query("SELECT pg_catalog.current_setting('track_counts')");
    if (counts.text(0, 0) != "on")
        if (const auto open = not_allowed(foreseen, watch.table.oid, watch.policy); !open.empty())
            refuse_uncounted(watch, open);
    co_return foreseen;
}

} // namespace db
