// The parts of a table's definition that are in the way of a run.
// Tested by tests/integration/test_check.py.
#include "archive/look/preflight.hpp"
#include "archive/table/restore_limits.hpp"
#include "archive/table/table_shape.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "db/side_effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace archive {

namespace {

void judge(std::vector<check_line>& lines, std::string name, const std::optional<async::error>& mistake,
           std::string well) {
    if (mistake)
        lines.push_back(
            {std::move(name), check_status::failed, mistake->message(), mistake->hint(), mistake->kind()});
    else
        add_line(lines, std::move(name), check_status::ok, std::move(well));
}

// What the effect means for a run, and what the run does about it.
std::string consequence_of(const db::effect& effect, std::uint32_t own, db::side_effects policy) {
    const bool gone = effect.change == db::change::deleted;
    const auto consequence = gone ? "its rows are deleted with the archived ones, and are in no file"
                                  : "its rows are changed with the archived ones";
    const bool never = gone && effect.table.oid == own;
    const auto then =
        never ? "a run that meets rows which are not due ends with exit code 3"
        : policy == db::side_effects::allow
            ? "ARCHIVE_SIDE_EFFECTS allows it"
            : "a run that meets such rows ends with exit code 3, unless ARCHIVE_SIDE_EFFECTS=allow";
    return fmt::format("{}: {}; {}", effect.words, consequence, then);
}

// Warns of triggers and rules that run when rows are inserted again.
awaitable<void> check_insert_effects(db::connection& session, std::uint32_t root,
                                     std::vector<check_line>& lines) {
    const auto catalog = co_await db::read_effect_catalog(session);
    const auto effects = db::effects_of_insert(catalog, root);
    if (effects.empty())
        add_line(lines, "triggers", check_status::ok, "none on INSERT");
    else
        add_line(lines, "triggers", check_status::warning,
                 fmt::format(
                     "{} will run for restored rows; a restore ends with exit code 3 where other rows were "
                     "changed or deleted, unless ARCHIVE_SIDE_EFFECTS=allow",
                     db::in_words(effects)),
                 "Let them pass rows whose application_name is event-archiver, or see that they do no harm.");
}

awaitable<void> check_restore_limits(db::connection& session, const table_description& table,
                                     std::vector<check_line>& lines) {
    const auto limits = co_await restore_limits(session, table.named.oid, table.name);
    for (const auto& each : limits)
        add_line(lines, "restore", check_status::warning, each.words, each.remedy);
    if (limits.empty())
        add_line(lines, "restore", check_status::ok, "nothing of the table keeps its rows from coming back");
}

void check_shape(const table_shape& shape, std::vector<check_line>& lines) {
    judge(lines, "inheritance", shape_mistake(shape), "neither foreign tables nor tables that inherit");
    judge(lines, "rules", rule_mistake(shape), "none on DELETE");
    judge(lines, "publications", publication_mistake(shape), "none is in the way of a DELETE");
    for (const auto& each : shape.unfinished)
        add_line(lines, "partitions", check_status::warning, sentence_of(each), statement_to_finish(each));
    if (const auto unlogged = unlogged_mistake(shape))
        add_line(lines, "logging", check_status::warning, unlogged->message(), unlogged->hint());
    else
        add_line(lines, "logging", check_status::ok, "the table survives a crash");
    add_line(lines, "insert", check_status::ok,
             shape.may_insert
                 ? fmt::format("{} may INSERT: restore in place works", shape.role)
                 : fmt::format("{} may not INSERT, and need not: only restore in place does", shape.role));
}

void check_triggers(std::span<const db::effect> effects, std::vector<check_line>& lines) {
    std::vector<db::effect> triggers;
    std::ranges::copy_if(effects, std::back_inserter(triggers),
                         [](const db::effect& each) { return each.reason == db::effect::cause::trigger; });
    if (triggers.empty())
        add_line(lines, "triggers", check_status::ok, "none on DELETE");
    else
        add_line(
            lines, "triggers", check_status::warning,
            fmt::format("{} will run for archived rows; one that keeps rows ends a run with exit code 7, one "
                        "that deletes or changes others with 3",
                        db::in_words(triggers)),
            "Let them pass rows whose application_name is event-archiver, or see that they do no harm.");
}

// `root`: the table, or the partitioned table above it.
awaitable<void> check_foreign_keys(db::connection& session, const table_description& table,
                                   std::uint32_t root, std::span<const db::effect> effects,
                                   db::side_effects policy, std::vector<check_line>& lines) {
    const auto before = lines.size();
    for (const auto& each : effects)
        if (each.reason == db::effect::cause::constraint)
            add_line(lines, "foreign keys", check_status::warning, consequence_of(each, root, policy),
                     fmt::format("Archive {} first, or drop the constraint.", each.table.name));
    const auto oid = std::to_string(table.named.oid);
    const std::array parameters{db::parameter(oid)};
    const auto keys = co_await session.query(
        "SELECT conname, conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
        " AND confrelid = $1::oid AND confdeltype NOT IN ('c', 'n', 'd') ORDER BY conname",
        parameters);
    for (int row = 0; row < keys.rows(); ++row)
        add_line(lines, "foreign keys", check_status::warning,
                 fmt::format(
                     "{} of {} refers to this table: rows it refers to cannot be deleted, and fail the run",
                     keys.text(row, 0), keys.text(row, 1)),
                 fmt::format("Archive {} first, or drop the constraint.", keys.text(row, 1)));
    if (lines.size() == before)
        add_line(lines, "foreign keys", check_status::ok, "no table refers to this one");
}

awaitable<void> check_side_effects(db::connection& session, db::delete_watch watch,
                                   std::vector<check_line>& lines) {
    const auto foreseen = co_await async::outcome_of(db::foresee_effects(session, watch));
    if (foreseen.failed)
        lines.push_back(failed_line("side effects", foreseen.failed));
    else
        add_line(lines, "side effects", check_status::ok,
                 "whatever the DELETE changes is counted before COMMIT");
}

} // namespace

awaitable<void> check_restore_obstacles(db::connection& session, const table_description& table,
                                        std::vector<check_line>& lines) {
    const auto shape = co_await read_shape(session, table.named.oid);
    judge(lines, "inheritance", shape_mistake(shape), "neither foreign tables nor tables that inherit");
    judge(lines, "logging", unlogged_mistake(shape), "the table survives a crash");
    co_await check_restore_limits(session, table, lines);
    const auto top = co_await db::root_of(session, table.named.oid);
    co_await check_insert_effects(session, top.oid, lines);
}

awaitable<void> check_obstacles(db::connection& session, const table_description& table,
                                db::side_effects policy, std::vector<check_line>& lines) {
    const auto shape = co_await read_shape(session, table.named.oid);
    check_shape(shape, lines);
    co_await check_restore_limits(session, table, lines);
    db::delete_watch watch;
    watch.table = co_await db::root_of(session, table.named.oid);
    watch.policy = policy;
    watch.setting = "ARCHIVE_SIDE_EFFECTS";
    const auto catalog = co_await db::read_effect_catalog(session);
    const auto effects = db::effects_of_delete(catalog, watch.table.oid);
    check_triggers(effects, lines);
    co_await check_foreign_keys(session, table, watch.table.oid, effects, policy, lines);
    co_await check_side_effects(session, std::move(watch), lines);
}

} // namespace archive
