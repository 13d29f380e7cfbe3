#include "db/delete_effects.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

namespace db {

namespace {

constexpr std::size_t named_max = 5;

// Each table and partition with the table at its top.
const std::string named_tables =
    "WITH named AS (SELECT c.oid, r.oid AS root,"
    " pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(r.relname) AS name"
    " FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_class r ON r.oid = coalesce(pg_catalog.pg_partition_root(c.oid)::oid, c.oid)"
    " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace WHERE c.relkind IN ('r', 'p', 'f')) ";

// The copies that a partitioned table's constraint has on its partitions are left out.
constexpr std::string_view references =
    "SELECT DISTINCT pg_catalog.quote_ident(k.conname), f.root, f.name, t.root, t.name,"
    " k.confdeltype, k.confupdtype FROM pg_catalog.pg_constraint k"
    " JOIN named f ON f.oid = k.conrelid JOIN named t ON t.oid = k.confrelid"
    " WHERE k.contype = 'f' AND k.conparentid = 0"
    " AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd')) ORDER BY 3, 1";

// Bits of tgtype: 4 INSERT, 8 DELETE, 16 UPDATE. Types of rules: 2 UPDATE, 3 INSERT, 4 DELETE.
constexpr std::string_view reactions =
    "SELECT DISTINCT 't', pg_catalog.quote_ident(g.tgname), t.root, t.name, g.tgtype & 8 <> 0,"
    " g.tgtype & 16 <> 0, g.tgtype & 4 <> 0 FROM pg_catalog.pg_trigger g JOIN named t ON t.oid = g.tgrelid"
    " WHERE NOT g.tgisinternal AND g.tgtype & 28 <> 0 AND g.tgenabled IN ('A',"
    " CASE pg_catalog.current_setting('session_replication_role') WHEN 'replica' THEN 'R' ELSE 'O' END)"
    " UNION SELECT 'r', pg_catalog.quote_ident(w.rulename), t.root, t.name, w.ev_type = '4', w.ev_type = '2',"
    " w.ev_type = '3'"
    " FROM pg_catalog.pg_rewrite w JOIN named t ON t.oid = w.ev_class"
    " WHERE w.ev_type IN ('2', '3', '4') AND w.ev_enabled <> 'D' ORDER BY 1, 4, 2";

table_name name_at(const result& rows, int row, int column) {
    return {static_cast<std::uint32_t>(rows.integer(row, column)), std::string(rows.text(row, column + 1))};
}

std::string words_of(const reference& each, db::change change, char action) {
    return "foreign key " + each.constraint + " of " + each.from.name +
           (change == change::deleted ? " (ON DELETE " : " (ON UPDATE ") +
           (action == 'c'   ? "CASCADE"
            : action == 'n' ? "SET NULL"
                            : "SET DEFAULT") +
           ")";
}

std::string words_of(const reaction& each) {
    return (each.category == reaction::kind::trigger ? "trigger " : "rule ") + each.name + " on " +
           each.table.name;
}

bool has_action(char action) { return action == 'c' || action == 'n' || action == 'd'; }

} // namespace

awaitable<effect_catalog> read_effect_catalog(connection& session) {
    effect_catalog catalog;
    const auto keys = co_await session.query(named_tables + std::string(references));
    for (int row = 0; row < keys.rows(); ++row)
        catalog.references.push_back({std::string(keys.text(row, 0)), name_at(keys, row, 1),
                                      name_at(keys, row, 3), keys.text(row, 5).front(),
                                      keys.text(row, 6).front()});
    const auto others = co_await session.query(named_tables + std::string(reactions));
    for (int row = 0; row < others.rows(); ++row)
        catalog.reactions.push_back(
            {others.text(row, 0) == "t" ? reaction::kind::trigger : reaction::kind::rule,
             std::string(others.text(row, 1)), name_at(others, row, 2), others.boolean(row, 4),
             others.boolean(row, 5), others.boolean(row, 6)});
    co_return catalog;
}

awaitable<table_name> root_of(connection& session, std::uint32_t relation) {
    const auto oid = std::to_string(relation);
    const auto found = co_await session.query(
        named_tables + "SELECT root, name FROM named WHERE oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid",
        oid);
    co_return found.rows() == 0 ? table_name{} : name_at(found, 0, 0);
}

std::vector<effect> effects_of_delete(const effect_catalog& catalog, std::uint32_t root) {
    struct place {
        std::uint32_t table;
        db::change change;
        std::optional<std::size_t> after;
    };
    std::vector<effect> found;
    std::set<std::pair<std::uint32_t, change>> seen{{root, change::deleted}};
    std::set<std::string> said;
    std::deque<place> open{{root, change::deleted, std::nullopt}};
    for (; !open.empty(); open.pop_front()) {
        const auto at = open.front();
        for (const auto& each : catalog.reactions) {
            const bool fires = at.change == change::deleted ? each.on_delete : each.on_update;
            if (each.table.oid != at.table || !fires || !said.insert(words_of(each)).second)
                continue;
            const bool trigger = each.category == reaction::kind::trigger;
            found.push_back({trigger ? effect::cause::trigger : effect::cause::rule, at.change, each.table,
                             words_of(each), at.after});
        }
        for (const auto& each : catalog.references) {
            const auto action = at.change == change::deleted ? each.on_delete : each.on_update;
            if (each.to.oid != at.table || !has_action(action))
                continue;
            const auto next =
                at.change == change::deleted && action == 'c' ? change::deleted : change::updated;
            auto words = words_of(each, at.change, action);
            if (!said.insert(words).second)
                continue;
            found.push_back({effect::cause::constraint, next, each.from, std::move(words), at.after});
            if (seen.emplace(each.from.oid, next).second)
                open.push_back({each.from.oid, next, found.size() - 1});
        }
    }
    return found;
}

std::vector<effect> effects_of_insert(const effect_catalog& catalog, std::uint32_t root) {
    std::vector<effect> found;
    for (const auto& each : catalog.reactions)
        if (each.table.oid == root && each.on_insert)
            found.push_back(
                {each.category == reaction::kind::trigger ? effect::cause::trigger : effect::cause::rule,
                 change::inserted, each.table, words_of(each), std::nullopt});
    return found;
}

std::vector<effect> explain(const std::vector<effect>& effects, std::uint32_t table) {
    std::set<std::size_t> chosen;
    for (std::size_t index = 0; index < effects.size(); ++index) {
        if (effects[index].reason != effect::cause::constraint || effects[index].table.oid != table)
            continue;
        for (std::optional<std::size_t> step = index; step; step = effects[*step].after)
            chosen.insert(*step);
    }
    std::vector<effect> result;
    for (const auto index : chosen)
        result.push_back(effects[index]);
    if (result.empty())
        std::ranges::copy_if(effects, std::back_inserter(result),
                             [](const effect& each) { return each.reason != effect::cause::constraint; });
    return result;
}

std::string in_words(const std::vector<effect>& effects) {
    std::string text;
    for (std::size_t index = 0; index < std::min(effects.size(), named_max); ++index)
        text += (index == 0 ? "" : ", ") + effects[index].words;
    if (effects.size() > named_max)
        text += " and " + std::to_string(effects.size() - named_max) + " more";
    return text;
}

} // namespace db
