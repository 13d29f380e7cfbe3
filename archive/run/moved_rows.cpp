#include "archive/run/moved_rows.hpp"

#include "archive/settle/restored_mistake.hpp"
#include "archive/table/folder_mistakes.hpp"
#include "archive/table/hidden_rows.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/selection.hpp"
#include "async/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace archive {

using async::failure;

namespace {

awaitable<void> look_for_restored(const run_context& context, const archive_transaction& work,
                                  const lake::listed_file& file) {
    const auto& opened = work.opened;
    const bool untouched = co_await has_all_restored(opened.session, opened.table, opened.position, file);
    if (untouched)
        co_return;
    auto moved = search_for_moved(work, file, look_in::rows_that_are_due);
    auto due = where_clause(opened.table, work.plan.rows);
    const auto seen = co_await look_at_readable_rows(context.lake, opened.session, opened.table, file,
                                                     std::move(due), std::move(moved));
    if (const auto mistake = restored_mistake(seen, file, opened.table))
        throw async::error(*mistake);
}

awaitable<void> look_for_retyped(const run_context& context, const archive_transaction& work,
                                 const lake::listed_file& file) {
    const auto& opened = work.opened;
    const auto how = choose_look(file.mark.mark->now, opened.table);
    if (how == moved_look::none)
        co_return;
    std::optional<rows_of_file> seen;
    if (how == moved_look::by_key) {
        auto due = where_clause(opened.table, work.plan.rows);
        seen = co_await look_at_readable_rows(context.lake, opened.session, opened.table, file,
                                              std::move(due), std::nullopt);
    }
    if (!seen || !seen->comparable)
        throw cannot_be_told(file, opened.table);
    if (seen->changed_or_moved() == 0)
        co_return;
    throw async::error(
        failure::integrity,
        fmt::format("{} rows of '{}', written before the time column or the key got another type, are due in"
                    " {} with other content: {} {}",
                    changed_count(*seen), file.properties.name, opened.table.name, key_names(opened.table),
                    changed_keys(*seen)),
        std::string(other_types_hint));
}

// The rows of the table that were written since the file was restored, by no restore. Empty if that is not
// known of any row.
std::string since_restore(const run_transaction& opened, const lake::listed_file& file) {
    auto restored = opened.files.with(lake::file_trait::restored);
    std::ranges::copy(opened.files_of_shards.with(lake::file_trait::restored), std::back_inserter(restored));
    return written_since(file.mark.mark->restored->author, opened.table.named, opened.position,
                         restores_of(restored));
}

} // namespace

moved_search search_for_moved(const archive_transaction& work, const lake::listed_file& file, look_in where) {
    const auto& opened = work.opened;
    // Whichever of them this transaction takes: the others are archived by the next one, or by another shard.
    selection all;
    all.upper = work.cutoff;
    all.held = work.plan.rows.held;
    return search_of_restored(since_restore(opened, file), where_clause(opened.table, all), where);
}

awaitable<void> must_not_have_moved_since(const run_context& context, const run_transaction& opened,
                                          const lake::listed_file& file) {
    const auto& mark = file.mark.mark;
    if (!mark || !mark->restored || mark->now.rows == 0)
        co_return;
    // Where it is not known which rows are new, each may be one of the file's: no row is inserted twice.
    moved_search search;
    search.since = since_restore(opened, file);
    search.alike.emplace();
    std::string whole_table;
    const auto seen = co_await look_at_rows(context.lake, opened.session, opened.table, file,
                                            std::move(whole_table), std::move(search));
    if (seen.comparable && is_in_doubt(seen, mark->now, opened.table))
        throw has_other_keys(file, opened.table);
    if (seen.moved > 0)
        throw async::error(
            failure::integrity,
            fmt::format("{} rows of '{}', which was restored before, may have another time in {} now: {} {}",
                        changed_count(seen), file.properties.name, opened.table.name, key_names(opened.table),
                        changed_keys(seen)),
            "Restored once more, they would be in the table twice. If they are the file's rows, give them "
            "their time back, and restore then. If they are other rows, delete from the table the rows that "
            "the file has, run `event-archiver recover --keep FILE`, and restore then; or restore with "
            "--into.");
    const bool hidden = co_await may_hide_rows(opened.session, opened.table.named.oid);
    const bool all_there = seen.comparable && seen.counts.to_the_letter == seen.counts.total;
    if (hidden && !all_there)
        throw async::error(
            failure::precondition,
            fmt::format("'{}' was restored before, and {} may have rows that this role does not see (row "
                        "security, or a partition whose DETACH CONCURRENTLY was cancelled): {} of the "
                        "file's rows may have another time now",
                        file.properties.name, opened.table.name,
                        seen.counts.total - seen.counts.to_the_letter),
            "Restore as a role that sees all rows, or with --into.");
}

awaitable<void> must_not_have_moved(const run_context& context, const archive_transaction& work) {
    const auto& opened = work.opened;
    const auto ours = opened.table.named.in_mark();
    std::set<lake::day> due;
    for (const auto& [which, file] : work.staging->files())
        due.insert(which);
    for (const auto* files : {&opened.files, &opened.files_of_shards})
        for (auto each = files->begin(); each != files->end(); ++each) {
            const auto which = each.key().which;
            const bool restored = each.is(lake::file_trait::restored);
            const bool elsewhere =
                files != &opened.files || std::ranges::binary_search(work.plan.rows.held, which);
            if (due.empty() || !(restored ? elsewhere : is_near(which, due)))
                continue;
            const auto [key, file] = *each;
            const auto& mark = file.mark.mark;
            if (!mark || mark->table != ours || mark->now.rows == 0)
                continue;
            if (restored)
                co_await look_for_restored(context, work, file);
            else
                co_await look_for_retyped(context, work, file);
        }
}

} // namespace archive
