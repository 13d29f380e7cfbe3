#include "db/insert_effects.hpp"

#include "async/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace db {

using async::failure;

namespace {

[[noreturn]] void refuse_inserts(const delete_watch& watch, const std::vector<side_effect>& refused,
                                 const std::vector<effect>& foreseen) {
    std::vector<std::string> said;
    for (const auto& each : refused)
        said.push_back(in_words(each));
    const bool live =
        std::ranges::any_of(refused, [](const side_effect& each) { return each.own && each.deleted > 0; });
    throw async::error(
        failure::precondition,
        fmt::format("restoring into {} also {} ({})", watch.table.name, fmt::join(said, ", "),
                    foreseen.empty() ? "the catalog does not say by what" : in_words(foreseen)),
        live
            ? fmt::format("Nothing was restored. Disable the trigger meanwhile, or restore with --into TABLE;"
                          " {}=allow does not cover rows deleted from the table itself.",
                          watch.setting)
            : fmt::format("Nothing was restored. Disable the trigger meanwhile, restore with --into TABLE, or"
                          " set {}=allow if these rows may change.",
                          watch.setting));
}

} // namespace

std::optional<std::vector<side_effect>> beyond_inserts(const changed_rows& changed, std::uint32_t root,
                                                       std::uint64_t rows) {
    return beyond_counted(changed, root, rows, &side_effect::inserted);
}

awaitable<std::vector<side_effect>> look_at_inserts(connection& session, delete_watch watch,
                                                    const change_counters& before, std::uint64_t rows) {
    const auto after = co_await read_change_counters(session);
    const auto changed = difference(before, after);
    const auto found = beyond_inserts(changed, watch.table.oid, rows);
    std::vector<side_effect> refused;
    if (found)
        std::ranges::copy_if(*found, std::back_inserter(refused),
                             [&watch](const side_effect& each) { return !may_be(each, watch.policy); });
    if (found && refused.empty() && !changed.storage_changed)
        co_return *found;

    const auto catalog = co_await read_effect_catalog(session);
    const auto foreseen = effects_of_insert(catalog, watch.table.oid);
    if (changed.storage_changed) {
        const auto which = co_await replaced_tables(session);
        throw async::error(
            failure::precondition,
            fmt::format("restoring into {} also truncated, rewrote or dropped {} ({})", watch.table.name,
                        which, in_words(foreseen)),
            "Nothing was restored. Take the trigger away: which rows went with it cannot be counted.");
    }
    if (!refused.empty())
        refuse_inserts(watch, refused, foreseen);
    if (!foreseen.empty())
        throw async::error(
            failure::precondition,
            fmt::format("an INSERT into {} may change other rows, and this server does not count what it"
                        " changes: {}",
                        watch.table.name, in_words(foreseen)),
            "Turn track_counts on, disable the trigger meanwhile, or restore with --into TABLE. Nothing was"
            " restored.");
    co_return std::vector<side_effect>();
}

} // namespace db
