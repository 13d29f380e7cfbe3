#include "archive/settle/verdict.hpp"

#include "archive/settle/decisions.hpp"
#include "archive/settle/look_at_rows.hpp"
#include "archive/table/hidden_rows.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/selection.hpp"
#include "async/error.hpp"
#include "lake/mark/mark_change.hpp"
#include "lake/write/pending_content.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <string>
#include <utility>

namespace archive {

using async::failure;

namespace {

constexpr std::string_view discard_hint =
    "These rows may be nowhere else. If the file's rows count, run `event-archiver recover --keep FILE`."
    " If the table's count, put into the table by hand what it lacks, then discard; give a row that was moved"
    " the time back that it had, and move it again once the file is discarded;"
    " `event-archiver restore --into` brings a file's rows into a table of their own."
    " To give rows up, save the file elsewhere and delete it by hand"
    " (docs/runbook.md, \"A file cannot be discarded\").";

// Of a file whose keys had another type: its rows may be among them.
awaitable<void> must_have_no_row_of_day(db::connection& session, const table_description& table,
                                        const lake::listed_file& file) {
    const auto which = file.key().which;
    const auto found = co_await session.query(
        fmt::format("SELECT EXISTS (SELECT FROM {} WHERE {})", table.name, day_clause(table, which)));
    if (found.boolean(0, 0))
        throw async::error(
            failure::precondition,
            fmt::format("{} has rows of {}, and its {} has had another type since '{}' was written: it is not"
                        " known whether they are rows of the file",
                        table.name, which.text(), key_names(table), file.properties.name),
            "If the file's rows count, delete the day's rows from the table first. Else give the column its"
            " type back.");
}

} // namespace

awaitable<void> must_not_be_in_table(lake::file_store& files, db::connection& session,
                                     const table_description& table, const lake::listed_file& file) {
    const auto seen = co_await look_at_rows(files, session, table, file);
    if (!seen.comparable)
        throw async::error(failure::precondition,
                           fmt::format("'{}' cannot be compared with {}: it has no column for the {}",
                                       file.properties.name, table.name, key_names(table)),
                           "Give the column its name back, or move the file away.");
    const auto count = seen.counts.to_the_letter + seen.counts.other_content;
    if (count == 0 && is_in_doubt(seen, file.mark.mark->now, table))
        co_await must_have_no_row_of_day(session, table, file);
    const bool hidden = co_await may_hide_rows(session, table.named.oid);
    if (count == 0 && hidden)
        throw async::error(
            failure::precondition,
            fmt::format("{} may have rows of '{}' that this role does not see (row security, or a partition "
                        "whose DETACH CONCURRENTLY was cancelled)",
                        table.name, file.properties.name),
            "Decide as a role that sees all rows, or finish the DETACH first.");
    if (count == 0)
        co_return;
    throw async::error(
        failure::precondition,
        fmt::format("rows with {} keys of '{}' are in {}: {} {}{}", count, file.properties.name, table.name,
                    key_names(table), fmt::join(seen.present, ", "),
                    count > seen.present.size() ? ", …" : ""),
        "If the file's rows count, delete these from the table first. If the table's count, run"
        " `event-archiver recover --discard FILE`.");
}

// A discard removes the file's copy, so the table must have the rows.
awaitable<std::uint64_t> must_be_in_table(lake::file_store& files, db::connection& session,
                                          const table_description& table, const lake::listed_file& file,
                                          db::fate asked, bool certain) {
    const auto& mark = *file.mark.mark;
    if (lake::has_empty_tail(mark)) // its mark alone changes
        co_return 0;
    const auto& name = file.properties.name;
    if (mark.pending && file.properties.size != mark.now.bytes)
        throw lake::pending_changed(file);
    if (file.properties.size != mark.now.bytes)
        throw async::error(
            failure::integrity,
            fmt::format("'{}' cannot be discarded: it has {} bytes, its mark knows {}: somebody else has"
                        " written to it",
                        name, file.properties.size, mark.now.bytes),
            std::string(discard_hint));
    const auto seen = co_await look_at_rows(files, session, table, file);
    if (!seen.comparable && mark.pending && asked == db::fate::aborted)
        co_return 0; // only the server's answer can decide
    if (!seen.comparable)
        throw async::error(failure::integrity,
                           fmt::format("'{}' cannot be discarded: it has no column for the {} of {}", name,
                                       key_names(table), table.name),
                           "Give the column its name back. " + std::string(discard_hint));
    const auto& counts = seen.counts;
    const auto absent = counts.total - counts.to_the_letter - counts.other_content;
    // A rolled back transaction has deleted nothing. Another one has, and its file has the rows.
    const bool rolled_back = mark.pending && asked == db::fate::aborted && certain;
    if (absent > 0 && !rolled_back)
        throw async::error(
            failure::integrity,
            fmt::format("'{}' cannot be discarded: {} of the {} rows that would go are not in {}: {} {}{}",
                        name, absent, counts.total, table.name, key_names(table),
                        fmt::join(seen.absent, ", "), absent > seen.absent.size() ? ", …" : ""),
            std::string(discard_hint));
    const bool same_types = mark.now.types == table.types;
    if (mark.pending && asked != db::fate::aborted &&
        judge_rows(counts, false, same_types) == tail_rows::none_in_table && counts.total > 0)
        throw async::error(
            failure::integrity,
            fmt::format("'{}' cannot be discarded: {} has other rows under all of the {} keys that would go",
                        name, table.name, counts.total),
            std::string(discard_hint));
    co_return absent;
}

} // namespace archive
