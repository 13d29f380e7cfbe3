// Which rows are archived, and how.
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"
#include "archive/retention.hpp"
#include "db/side_effects.hpp"

#include <array>
#include <utility>

namespace app {

namespace {

constexpr std::array<std::pair<std::string_view, archive::commit_unit>, 2> commit_units{
    {{"run", archive::commit_unit::run}, {"day", archive::commit_unit::day}}};
constexpr std::array<std::pair<std::string_view, archive::partition_removal>, 3> removals{
    {{"delete", archive::partition_removal::none},
     {"detach", archive::partition_removal::detach},
     {"drop", archive::partition_removal::drop}}};
constexpr auto commit_words = rows::words_of(commit_units);
constexpr auto removal_words = rows::words_of(removals);
constexpr auto policy_words = rows::words_of(side_effect_policies);

constexpr std::array archiving_rows{
    rows::also("ARCHIVE_RETENTION_PERIOD",
               {"EVENT_RETENTION_PERIOD", "--retention", "1 year", "PERIOD",
                "how long a row stays in the table: `1 year`, `90 days`, `P1Y2M`; calendar arithmetic in UTC "
                "(also ARCHIVE_RETENTION_PERIOD)"}),
    rows::short_flag("-n",
                     rows::also("ARCHIVE_DRY_RUN",
                                rows::flag({"DRY_RUN", "--dry-run", "false", "",
                                            "export and upload, delete nothing (also ARCHIVE_DRY_RUN)"}))),
    option{"ARCHIVE_TABLE", "--table", R"(public."Event")", "TABLE", "the table, written as in SQL"},
    option{"ARCHIVE_TIME_COLUMN", "--time-column", "created_at", "COLUMN",
           "the column of its timestamp; `timestamp` is read as UTC, `timestamptz` is converted to UTC"},
    option{"ARCHIVE_KEY_COLUMN", "--key-column", "", "COLUMNS",
           "the columns of its key, unique by an index: one, or several as in `tenant,id`; by default the "
           "primary key"},
    rows::flag({"ARCHIVE_WHOLE_DAYS", "--whole-days", "false", "",
                "move the cutoff back to midnight UTC, so that each file is written once"}),
    option{"ARCHIVE_MAX_DAYS", "--max-days", "", "N",
           "at most this number of days, oldest first; the rest stays for the next run"},
    option{"ARCHIVE_MAX_ROWS", "--max-rows", "", "N",
           "at most this number of rows, in whole days and at least one day, oldest first"},
    rows::one_of(commit_words,
                 {"ARCHIVE_COMMIT", "--commit", "run", "UNIT",
                  "`run`: one transaction for everything; `day`: one a day, for long backfills"}),
    rows::one_of(
        removal_words,
        {"ARCHIVE_PARTITIONS", "--partitions", "delete", "HOW",
         "partitions whose every row is archived: `delete` the rows, or `detach` or `drop` them whole"}),
    rows::one_of(
        policy_words,
        {"ARCHIVE_SIDE_EFFECTS", "--side-effects", "refuse", "HOW",
         "what the DELETE changes beyond the archived rows (cascades, triggers, rules): `refuse` it with "
         "exit code 3, or `allow` and count it"}),
    option{"ARCHIVE_SHARD", "--shard", "0/1", "I/N",
           "only days whose number since 1970-01-01 is I modulo N; `/N` takes I from JOB_COMPLETION_INDEX"},
    rows::flag({"ARCHIVE_PROVE", "--prove", "false", "",
                "read every published row back before COMMIT and compare checksums"}),
};

void check_archiving(checker& settings) {
    auto& job = settings.value().job;
    settings.read("EVENT_RETENTION_PERIOD", job.retention, archive::parse_retention);
    settings.read("DRY_RUN", job.dry_run, parse_boolean);
    settings.read_name("ARCHIVE_TABLE", job.table, parse_table);
    settings.read_name("ARCHIVE_TIME_COLUMN", job.time_column, parse_column);
    settings.read("ARCHIVE_KEY_COLUMN", job.key_columns, parse_columns);
    settings.read("ARCHIVE_WHOLE_DAYS", job.whole_days, parse_boolean);
    settings.read("ARCHIVE_MAX_DAYS", job.days_max, count_from(1));
    settings.read("ARCHIVE_MAX_ROWS", job.rows_max, count_from(1));
    settings.choose<archive::commit_unit>("ARCHIVE_COMMIT", job.commit, commit_units);
    if (job.dry_run && job.commit == archive::commit_unit::day)
        job.commit = archive::commit_unit::run; // nothing is committed, so there is no need for a transaction
                                                // for each day
    settings.choose<archive::partition_removal>("ARCHIVE_PARTITIONS", job.partitions, removals);
    settings.choose<db::side_effects>("ARCHIVE_SIDE_EFFECTS", job.side_effects, side_effect_policies);
    settings.read("ARCHIVE_SHARD", job.shard, [&settings](std::string_view text) {
        return parse_shard(text, settings.variable("JOB_COMPLETION_INDEX"));
    });
    if (job.partitions != archive::partition_removal::none && job.shard.count > 1)
        settings.mistake("ARCHIVE_PARTITIONS",
                         "a shard sees only some days of a partition: leave it at delete");
    settings.read("ARCHIVE_PROVE", job.prove, parse_boolean);
}

} // namespace

feature archiving_settings() noexcept { return {"Which rows", archiving_rows, check_archiving}; }

} // namespace app
