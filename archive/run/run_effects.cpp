#include "archive/run/run_effects.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace archive {

namespace {

void record_day(const run_context& context, const day_file& file) {
    const auto recognised = file.day_rows_recognised();
    const auto rows = file.rows + recognised;
    if (rows == 0)
        return;
    const bool dry_run = context.settings.dry_run;
    auto& report = context.report;
    ++report.days;
    report.rows += file.rows;
    report.rows_recognised += recognised;
    report.bytes += file.bytes;
    if (!dry_run)
        report.rows_deleted += rows;
    report.outcomes.push_back({file.key, file.rows, file.bytes,
                               file.compressed() ? file.member.size : file.bytes, file.existing.has_value()});
    if (file.has_tail())
        ++(file.existing ? report.files_appended : report.files_created);
    context.log.info(dry_run ? "day.uploaded" : "day.archived",
                     dry_run ? "dry run: uploaded a day" : "archived a day",
                     {{"day", file.which().text()},
                      {"rows", file.rows},
                      {"rows_recognised", recognised},
                      {"bytes", file.bytes},
                      {"blob", file.name},
                      {"file", !file.has_tail() ? "unchanged"
                               : file.existing  ? "appended"
                                                : "created"}});
}

} // namespace

awaitable<db::delete_watch> watch_table(db::connection& session, std::uint32_t table,
                                        const settings& limits) {
    db::delete_watch watch;
    watch.table = co_await db::root_of(session, table);
    watch.policy = limits.side_effects;
    watch.setting = "ARCHIVE_SIDE_EFFECTS";
    co_return watch;
}

void record_side_effect(const run_context& context, const db::side_effect& effect,
                        std::string_view statement) {
    context.log.info("side_effects",
                     fmt::format("the {} {} other rows than those in the files", statement,
                                 context.settings.dry_run ? "would change" : "changed"),
                     {{"table", effect.table.name},
                      {"rows_deleted", effect.deleted},
                      {"rows_updated", effect.updated},
                      {"rows_inserted", effect.inserted}});
    auto& all = context.report.went_along;
    const auto same = std::ranges::find_if(
        all, [&effect](const db::side_effect& each) { return each.table.oid == effect.table.oid; });
    auto& sum = same != all.end() ? *same : all.emplace_back(db::side_effect{effect.table, effect.own});
    sum.inserted += effect.inserted;
    sum.updated += effect.updated;
    sum.deleted += effect.deleted;
}

void record_archived(const run_context& context, const archive_transaction& work) {
    for (const auto& [which, file] : work.staging->files())
        record_day(context, *file);
    context.report.rows_stored = context.report.days_staged = 0; // they are among the rows and days now
    if (!context.settings.dry_run)
        for (const auto& name : work.removed)
            context.log.info("partition.removed",
                             context.settings.partitions == partition_removal::drop
                                 ? "dropped a partition: all of its rows are in their files"
                                 : "detached a partition: all of its rows are in their files",
                             {{"partition", name}});
    for (const auto& each : work.went_along)
        record_side_effect(context, each, "DELETE");
}

void record_restored(const run_context& context, const lake::listed_file& file, const loaded_file& loaded,
                     std::string_view target, std::optional<std::string_view> held_until) {
    auto& report = context.report;
    ++report.days;
    report.rows += loaded.rows_inserted;
    report.rows_recognised += loaded.rows_present;
    report.bytes += loaded.content.bytes;
    const auto key = lake::key_of_file(lake::name_alone(file.properties.name));
    if (key)
        report.outcomes.push_back({.file = *key,
                                   .rows = loaded.rows_inserted + loaded.rows_present,
                                   .bytes = file.properties.size,
                                   .csv_bytes = loaded.content.bytes,
                                   .appended = true,
                                   .restored = true});
    context.log.info("day.restored",
                     context.settings.dry_run ? "dry run: a day can be restored" : "restored a day",
                     {{"day", key ? key->which.text() : std::string()},
                      {"rows", loaded.rows_inserted},
                      {"rows_present", loaded.rows_present},
                      {"bytes", loaded.content.bytes},
                      {"blob", file.properties.name},
                      {"table", target},
                      {"in_place", held_until.has_value()},
                      {"held_until", held_until.value_or("")}});
}

} // namespace archive
