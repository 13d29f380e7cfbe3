// The part of the preflight that finds files which a run has rows for and would refuse.
// Tested by tests/integration/test_check_files.py.

#include "archive/look/inventory.hpp"
#include "archive/look/learn_types.hpp"
#include "archive/look/preflight.hpp"
#include "archive/look/restored_files.hpp"
#include "archive/plan/planner.hpp"
#include "archive/settle/look_at_rows.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/folder_mistakes.hpp"
#include "archive/table/selection.hpp"
#include "async/caught.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "db/fate.hpp"
#include "db/position.hpp"
#include "db/session_scope.hpp"
#include "db/transaction.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace archive {

using async::failure;

namespace {

constexpr std::size_t asked_max = 2'000; // days, the latest

// Why a run that has rows for the file would refuse it; nullopt if the listing shows no reason.
std::optional<lake::refusal> obstacle_if_due(const lake::listed_file& file, std::uint64_t header_crc,
                                             const lake::place& where, types_judge& types) {
    auto chosen = lake::choose_treatment(file.properties, file.mark, where, std::chrono::sys_seconds::max());
    if (chosen.treatment == lake::treatment::refuse)
        return std::move(chosen.because);
    auto mistake = is_as_marked(file) ? columns_mistake(file, header_crc) : std::nullopt;
    return mistake ? mistake : types.mistake_if_due(file);
}

class due_files {
  public:
    due_files(db::connection& session, const table_description& table, std::string cutoff)
        : session_(session)
        , table_(table)
        , cutoff_(std::move(cutoff)) {}

    // Also false if the answer would need a scan of a large table.
    [[nodiscard]] awaitable<bool> has_rows_due(lake::day which) {
        if ((!table_.indexed_by_time && table_.pages > scanned_pages_max) || ++asked_ > asked_max)
            co_return false;
        selection all;
        all.upper = cutoff_;
        const auto found =
            co_await session_.query(fmt::format("SELECT EXISTS (SELECT FROM {} WHERE {})", table_.name,
                                                where_clause(table_, one_day(all, which))));
        co_return found.boolean(0, 0);
    }

  private:
    db::connection& session_;
    const table_description& table_;
    std::string cutoff_;
    std::size_t asked_ = 0;
};

awaitable<void> check_restored(db::connection& session, const preflight_context& context,
                               const table_description& table, const lake::file_map& files, selection due,
                               std::vector<check_line>& lines) {
    const auto found = co_await look_at_restored(session, context.lake, table, files, std::move(due));
    for (const auto& mistake : found.mistakes)
        lines.push_back(
            {"restored", check_status::failed, mistake.message(), mistake.hint(), mistake.kind()});
    if (found.unread > 0)
        lines.push_back(
            {"restored", check_status::skipped,
             fmt::format(
                 "{} of {} restored files were not read, because they or the table are large: a run ends"
                 " with exit code 7 if rows of them were changed meanwhile",
                 found.unread, found.files)});
}

// Pending rows whose transaction was certainly rolled back, and that are gone from the table since. A run
// refuses such a file: a person must decide.
awaitable<void> look_at_pending(db::connection& session, const preflight_context& context,
                                const table_description& table,
                                const std::vector<const lake::listed_file*>& pending,
                                std::vector<check_line>& lines) {
    if (pending.empty())
        co_return;
    const auto position = co_await db::position_of(session);
    std::uint64_t bytes = 0;
    for (const auto* file : pending) {
        const auto& mark = *file->mark.mark;
        bytes += mark.now.uncompressed + file->properties.size;
        if (bytes > bytes_looked_at_max)
            co_return;
        const auto author = lake::awaited(mark).value();
        auto said = db::fate::aborted;
        if (!mark.now.dry_run)
            said = co_await db::fate_of(session, author.transaction, author.position, position);
        const bool certain = mark.now.dry_run || db::same_server(author.position, position);
        if (said != db::fate::aborted || !certain)
            continue;
        auto moved = moved_since(mark, table.named, position);
        std::string whole_table;
        const auto seen = co_await look_at_rows(context.lake, session, table, *file, std::move(whole_table),
                                                std::move(moved));
        const auto& counts = seen.counts;
        if (seen.comparable && counts.total > 0 && counts.to_the_letter + counts.other_content == 0)
            lines.push_back(
                {"pending", check_status::failed,
                 fmt::format("'{}' has {} rows of transaction {}, which was rolled back, and none of"
                             " them is in {}",
                             file->properties.name, counts.total, author.transaction, table.name),
                 "Run `event-archiver recover`, which says what there is to decide.", failure::integrity});
    }
}

} // namespace

awaitable<std::set<std::string>> check_due_files(const preflight_context& context,
                                                 const table_description& table, const lake::file_map& files,
                                                 std::vector<check_line>& lines) {
    const auto header = csv::header_line(table.columns);
    const auto header_crc = azure::crc64(0, std::as_bytes(std::span(header)));
    std::set<std::string> told;
    const std::function<awaitable<void>(db::connection&)> look =
        [&](db::connection& session) -> awaitable<void> {
        const db::transaction_options options(db::access::read_only);
        auto transaction = co_await db::transaction::begin(session, options);
        std::vector<lake::day> held;
        for (const auto* file : co_await held_files(session, files))
            held.push_back(file->key().which);
        std::ranges::sort(held);
        const auto cutoff = co_await find_cutoff(session, context.settings);
        due_files due(session, table, cutoff);
        const auto position = co_await db::position_of(session);
        types_judge types(table, position);
        std::vector<const lake::listed_file*> pending;
        for (auto at = files.end(); at != files.begin();) {
            --at;
            const auto [key, file] = *at;
            const auto& mark = file.mark.mark;
            if (mark && mark->pending && !lake::has_empty_tail(*mark) && is_as_marked(file))
                pending.push_back(files.find(key));
            if (!file.mark.mistake.empty())
                continue;
            if (std::ranges::binary_search(held, key.which))
                continue;
            co_await learn_types(context.lake, file, types);
            const auto obstacle = obstacle_if_due(file, header_crc, context.lake.where(), types);
            if (!obstacle)
                continue;
            const bool is_due = co_await due.has_rows_due(key.which);
            if (!is_due)
                continue;
            told.insert(file.properties.name);
            lines.push_back({"files", check_status::failed,
                             fmt::format("rows are due for '{}', which cannot be appended to: {}",
                                         file.properties.name, obstacle->why),
                             obstacle->hint, obstacle->kind});
        }
        co_await look_at_pending(session, context, table, pending, lines);
        selection all;
        all.upper = cutoff;
        all.held = std::move(held);
        co_await check_restored(session, context, table, files, std::move(all), lines);
        co_await transaction.rollback(); // it has only read
    };
    const auto failed = co_await async::caught(db::with_session(context.database, look));
    if (failed)
        lines.push_back(failed_line("files", failed));
    co_return told;
}

} // namespace archive
