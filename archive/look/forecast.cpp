#include "archive/look/forecast.hpp"

#include "archive/look/learn_types.hpp"
#include "archive/look/restored_files.hpp"
#include "archive/plan/planner.hpp"
#include "archive/plan/row_sample.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/folder_mistakes.hpp"
#include "archive/table/restore_limits.hpp"
#include "archive/table/table_shape.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "db/position.hpp"
#include "db/side_effects.hpp"
#include "db/transaction.hpp"

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace archive {

namespace {

forecast_day describe_day(const planned_day& planned, const lake::file_key& key,
                          const lake::file_map& present, const lake::folder& folder, std::uint64_t header_crc,
                          types_judge& types) {
    forecast_day made{planned.which, planned.rows, 0, folder.name_of(key)};
    if (const auto found = present.unpacked(key)) {
        const auto file = describe_file(*found);
        made.action = action_for(&file);
        made.note = file.note;
        auto mistake = is_as_marked(*found) ? columns_mistake(*found, header_crc) : std::nullopt;
        if (!mistake)
            mistake = types.mistake_if_due(*found);
        if (mistake && made.action != file_action::settle) {
            made.action = file_action::refuse;
            made.note = mistake->why;
        }
    }
    return made;
}

} // namespace

std::string_view to_string(file_action action) noexcept {
    switch (action) {
    case file_action::create:
        return "new";
    case file_action::append:
        return "append";
    case file_action::recognise:
        return "recognise";
    case file_action::adopt:
        return "adopt";
    case file_action::convert:
        return "convert";
    case file_action::settle:
        return "pending";
    case file_action::refuse:
        break;
    }
    return "refused";
}

file_action action_for(const archived_file* file) noexcept {
    if (file == nullptr)
        return file_action::create;
    if (file->interrupted)
        return file_action::settle;
    if (file->treated == lake::treatment::refuse)
        return file_action::refuse;
    switch (file->state) {
    case file_state::final:
    case file_state::held: // its hold has run out, or it would not be due
        return file_action::append;
    case file_state::restored:
        return file_action::recognise;
    case file_state::pending:
        return file_action::settle;
    case file_state::foreign:
        return file->treated == lake::treatment::convert ? file_action::convert : file_action::adopt;
    case file_state::unreadable:
    case file_state::missing: // of the ledger only: a file that is in the folder is never in this state
    case file_state::altered:
        break;
    }
    return file_action::refuse;
}

namespace {

// What of the table keeps a run, or a later restore, from its work. Throws what would end a run at once.
awaitable<void> look_at_limits(db::connection& session, const table_description& table,
                               const settings& limits, forecast& seen) {
    const auto shape = co_await read_shape(session, table.named.oid);
    must_have_shape(shape);
    if (const auto mistake = publication_mistake(shape);
        mistake && limits.partitions == partition_removal::none)
        throw async::error(*mistake);
    db::delete_watch watch;
    watch.table = co_await db::root_of(session, table.named.oid);
    watch.policy = limits.side_effects;
    watch.setting = "ARCHIVE_SIDE_EFFECTS";
    for (const auto& each : co_await db::foresee_effects(session, watch))
        seen.side_effects.push_back(each.words);
    for (const auto& each : co_await restore_limits(session, table.named.oid, table.name))
        seen.restore_limits.push_back(each.words);
}

std::vector<lake::day> days_of(const std::vector<const lake::listed_file*>& files) {
    std::set<lake::day> days;
    for (const auto* file : files)
        days.insert(file->key().which);
    return {days.begin(), days.end()};
}

std::uint64_t count_pending(const lake::file_map& present) {
    std::uint64_t count = 0;
    for (auto each = present.begin(); each != present.end(); ++each)
        if (each.is(lake::file_trait::awaiting) && describe_file((*each).file).state == file_state::pending)
            ++count;
    return count;
}

// What becomes of each day of the plan, and what ends the run whatever its days.
awaitable<void> look_at_days(db::connection& session, look_context& context, const table_description& table,
                             const counted_plan& made, const lake::file_map& present, forecast& seen) {
    const auto header_crc = azure::crc64(0, lake::bytes_of(csv::header_line(table.columns)));
    const auto position = co_await db::position_of(session);
    types_judge types(table, position);
    std::set<lake::day> due;
    for (const auto& planned : made.chosen.days) {
        const auto key = choose_file(planned.which, context.settings.compression, present);
        if (auto found = present.unpacked(key))
            co_await learn_types(context.lake, *std::move(found), types);
        seen.days.push_back(describe_day(planned, key, present, context.lake, header_crc, types));
        due.insert(planned.which);
        seen.rows += planned.rows;
    }
    for (const auto& mistake : folder_mistakes(present, table, context.settings.time_column, due))
        seen.refusals.push_back(mistake.message());
    seen.days_left = made.days_due - seen.days.size();
    seen.rows_left = made.rows_due - seen.rows;
}

// Bytes, duration and memory, from a sample of the rows.
awaitable<void> estimate(db::connection& session, const table_description& table, const counted_plan& made,
                         const settings& limits, forecast& seen) {
    seen.size = co_await sample_rows(session, table, made.chosen, seen.rows);
    for (auto& planned : seen.days) {
        planned.bytes = static_cast<std::uint64_t>(seen.size.mean * static_cast<double>(planned.rows) + 0.5);
        seen.bytes += planned.bytes;
    }
    work_size work{seen.days.size(), seen.rows, seen.bytes};
    if (seen.how == reading::by_page_range)
        work.bytes_table = table.pages * 8'192;
    seen.duration = expected_duration(work, limits);
    seen.memory = expected_memory(limits);
}

awaitable<void> look(db::connection& session, look_context& context, forecast& seen) {
    auto limits = context.settings;
    limits.commit = commit_unit::run; // all days of the run, however many transactions it makes of them
    const auto named = co_await resolve_table(session, limits.table);
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    const auto table = co_await describe_table(session, named, limits.time_column, limits.key_columns);
    context.report.enter(run_phase::planning);
    co_await look_at_limits(session, table, limits, seen);
    plan_start from;
    from.cutoff = co_await find_cutoff(session, limits);
    const auto files = co_await context.lake.present_files();
    const lake::file_map nothing;
    const auto& present = files ? *files : nothing;
    const auto held = co_await held_files(session, present);
    from.held = days_of(held);
    const auto made = co_await make_plan(session, table, limits, from, counting::always);
    seen.container_exists = files.has_value();
    seen.held = from.held;
    seen.files_pending = count_pending(present);
    seen.cutoff = from.cutoff;
    seen.table = table.name;
    seen.how = choose_reading(table);
    seen.rows_dayless = made.rows_dayless;
    co_await look_at_days(session, context, table, made, present, seen);
    co_await estimate(session, table, made, limits, seen);
    selection due;
    due.upper = from.cutoff;
    due.held = from.held;
    const auto restored = co_await look_at_restored(session, context.lake, table, present, std::move(due));
    for (const auto& mistake : restored.mistakes)
        seen.refusals.push_back(mistake.message());
    co_await transaction.rollback(); // it has only read
}

} // namespace

awaitable<forecast> look_ahead(look_context context) {
    forecast seen;
    context.report.enter(run_phase::connecting);
    co_await db::with_session(context.database, [&context, &seen](db::connection& session) {
        return look(session, context, seen);
    });
    co_return seen;
}

} // namespace archive
