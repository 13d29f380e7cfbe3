// What a DELETE may change beyond its own rows, as the catalog has it: foreign keys with an action, triggers
// and rules, over any number of tables.
// Tested by tests/unit/db/changed_rows_test.cpp.
#pragma once

#include "db/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace db {

// A table that rows of it refer to; partitions stand for the table at their top.
struct table_name {
    std::uint32_t oid = 0;
    std::string name; // quoted and qualified
    bool operator==(const table_name&) const = default;
};

// A foreign key with an action: 'c' CASCADE, 'n' SET NULL, 'd' SET DEFAULT; another letter for none.
struct reference {
    std::string constraint; // quoted
    table_name from;
    table_name to;
    char on_delete = 'a';
    char on_update = 'a';
};

// A user's trigger that fires, or a rule.
struct reaction {
    enum class kind : std::uint8_t { trigger, rule };
    reaction::kind category = kind::trigger;
    std::string name; // quoted
    table_name table;
    bool on_delete = false;
    bool on_update = false;
    bool on_insert = false;
};

struct effect_catalog {
    std::vector<reference> references;
    std::vector<reaction> reactions;
};

enum class change : std::uint8_t { deleted, updated, inserted };

// One effect of a DELETE beyond its own rows.
struct effect {
    enum class cause : std::uint8_t { constraint, trigger, rule };
    effect::cause reason = cause::constraint;
    db::change change = change::deleted; // of a constraint: what becomes of the rows of `table`
    table_name table;                    // whose rows change; of triggers and rules: on which they are
    std::string
        words; // "foreign key a_fkey of public.child (ON DELETE CASCADE)", "trigger t on public.child"
    std::optional<std::size_t> after; // the constraint in the same list that leads to this one
};

// Conditions on pg_trigger and pg_rewrite: it does something at a DELETE, in some session at least.
inline constexpr std::string_view is_trigger_on_delete = "tgtype & 8 <> 0 AND tgenabled <> 'D'";
inline constexpr std::string_view is_rule_on_delete = "ev_type = '4' AND ev_enabled <> 'D'";

[[nodiscard]] awaitable<effect_catalog> read_effect_catalog(connection& session);

// The table at the top of the partitioned table that `relation` belongs to, or itself; no oid for a view.
[[nodiscard]] awaitable<table_name> root_of(connection& session, std::uint32_t relation);

// Everything that a DELETE from `root` may set off, nearest first, each once.
[[nodiscard]] std::vector<effect> effects_of_delete(const effect_catalog& catalog, std::uint32_t root);

// The triggers and rules that an INSERT into `root` sets off.
[[nodiscard]] std::vector<effect> effects_of_insert(const effect_catalog& catalog, std::uint32_t root);

// Those that explain why rows of `table` were changed: the constraints that lead there, hop by hop, or else
// every trigger and rule on the way.
[[nodiscard]] std::vector<effect> explain(const std::vector<effect>& effects, std::uint32_t table);

// "foreign key …, trigger …"; at most five of them.
[[nodiscard]] std::string in_words(const std::vector<effect>& effects);

} // namespace db
