#include "archive/run/moved_rows.hpp"

#include "archive/table/folder_mistakes.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/selection.hpp"
#include "async/error.hpp"
#include "db/position.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace archive {

using async::failure;

namespace {

// The rows that a restore inserted into the file's day, of files of both kinds. nullopt if a file has other
// rows by now.
std::optional<std::uint64_t> rows_inserted_with(const lake::listed_file& file, const lake::file_map& files) {
    const auto& author = file.mark.mark->restored->author;
    std::uint64_t rows = 0;
    for (const auto kind : {lake::compression::none, lake::compression::gzip}) {
        const auto* const found = files.find({file.key().which, kind});
        if (found == nullptr)
            continue;
        const auto& mark = found->mark.mark;
        if (!mark || !mark->restored || mark->table != file.mark.mark->table ||
            mark->restored->author.run != author.run ||
            mark->restored->author.transaction != author.transaction)
            continue;
        if (mark->restored->rows != mark->now.rows)
            return std::nullopt;
        rows += mark->now.rows;
    }
    return rows;
}

// Whether the table has all rows of the file on their day still, as the restore inserted them: a row that was
// written to since, or moved, has another xmin. One restore inserts the rows of both files of a day.
awaitable<bool> has_all_restored(const run_transaction& opened, const lake::listed_file& file,
                                 const lake::file_map& files) {
    const auto& author = file.mark.mark->restored->author;
    const auto inserted = rows_inserted_with(file, files);
    const bool is_told = opened.table.named.may_select_all; // else the role may not read xmin
    if (!is_told || !inserted || db::compare_histories(author.position, opened.position) != db::history::same)
        co_return false;
    const auto sql = fmt::format(
        "SELECT count(*) FROM {} WHERE {} AND {} AND xmin = (($1::numeric % 4294967296)::text)::xid",
        opened.table.name, day_clause(opened.table, file.key().which), own_rows(opened.table));
    const std::array parameters{db::parameter(author.transaction)};
    const auto counted = co_await opened.session.query(sql, parameters);
    co_return static_cast<std::uint64_t>(counted.integer(0, 0)) == *inserted;
}

// nullopt if the keys of the file are not keys of the table.
awaitable<std::optional<rows_of_file>> look_among_due(const run_context& context,
                                                      const archive_transaction& work,
                                                      const lake::listed_file& file,
                                                      std::optional<moved_search> moved) {
    const auto& opened = work.opened;
    auto due = where_clause(opened.table, work.plan.rows);
    try {
        auto seen = co_await look_at_rows(context.lake, opened.session, opened.table, file, std::move(due),
                                          std::move(moved));
        if (seen.comparable)
            co_return std::optional(std::move(seen));
    } catch (const db::error& failed) {
        if (!std::string_view(failed.state()).starts_with("22")) // data exception
            throw;
    }
    co_return std::nullopt;
}

async::error are_due(const lake::listed_file& file, const rows_of_file& seen, const table_description& table,
                     std::string_view because, std::string_view hint) {
    return {failure::integrity,
            fmt::format("{} rows of '{}', {}, are due in {} with other content: {} {}",
                        seen.changed_or_moved(), file.properties.name, because, table.name, key_names(table),
                        changed_keys(seen)),
            std::string(hint)};
}

awaitable<void> look_for_restored(const run_context& context, const archive_transaction& work,
                                  const lake::listed_file& file, const lake::file_map& files) {
    const bool untouched = co_await has_all_restored(work.opened, file, files);
    if (untouched)
        co_return;
    auto moved = search_for_moved(work, file, look_in::rows_that_are_due);
    const auto seen = co_await look_among_due(context, work, file, std::move(moved));
    if (!seen)
        throw cannot_be_told(file, work.opened.table);
    if (seen->changed_or_moved() > 0)
        throw are_due(file, *seen, work.opened.table, "which was restored", changed_hint(*seen));
    if (is_in_doubt(*seen, file.mark.mark->now, work.opened.table))
        throw has_other_keys(file, work.opened.table);
}

awaitable<void> look_for_retyped(const run_context& context, const archive_transaction& work,
                                 const lake::listed_file& file) {
    const auto how = choose_look(file.mark.mark->now, work.opened.table);
    if (how == moved_look::none)
        co_return;
    std::optional<rows_of_file> seen;
    if (how == moved_look::by_key)
        seen = co_await look_among_due(context, work, file, std::nullopt);
    if (!seen)
        throw cannot_be_told(file, work.opened.table);
    if (seen->changed_or_moved() > 0)
        throw are_due(file, *seen, work.opened.table,
                      "written before the time column or the key got another type", other_types_hint);
}

// The rows of the table that were written since the file was restored, by no restore. Empty if that is not
// known of any row.
std::string since_restore(const run_transaction& opened, const lake::listed_file& file) {
    std::map<std::string, db::transaction_mark> restores;
    for (const auto* files : {&opened.files, &opened.files_of_shards})
        for (const auto* each : files->with(lake::file_trait::restored))
            if (const auto& mark = each->mark.mark; mark && mark->restored)
                restores.emplace(mark->restored->author.transaction, mark->restored->author);
    std::vector<db::transaction_mark> authors;
    for (auto& [transaction, author] : restores)
        authors.push_back(std::move(author));
    return written_since(file.mark.mark->restored->author, opened.table.named, opened.position, authors);
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
                        seen.moved, file.properties.name, opened.table.name, key_names(opened.table),
                        changed_keys(seen)),
            "Restored once more, they would be in the table twice. If they are the file's rows, give them "
            "their time back, and restore then. If they are other rows, delete from the table the rows that "
            "the file has, run `event-archiver recover --keep FILE`, and restore then; or restore with "
            "--into.");
}

awaitable<void> must_not_have_moved(const run_context& context, const archive_transaction& work) {
    const auto& opened = work.opened;
    const auto ours = lake::table_in_mark(opened.table.schema, opened.table.relation);
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
                co_await look_for_restored(context, work, file, *files);
            else
                co_await look_for_retyped(context, work, file);
        }
}

} // namespace archive
