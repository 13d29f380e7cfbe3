#include "archive/run/recover/accept_file.hpp"

#include "archive/settle/look_at_rows.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/hidden_rows.hpp"
#include "archive/table/types_then.hpp"
#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "lake/content/content_check.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Whether the table may have rows of the file. True where that cannot be told: a mark `restored` that is not
// needed does no harm.
awaitable<bool> table_has_rows(const run_context& context, const run_transaction& opened,
                               lake::listed_file file) {
    const bool hidden = co_await may_hide_rows(opened.session, opened.table.named.oid);
    if (hidden)
        co_return true;
    if (!file.mark.mark)
        file.mark.mark.emplace();
    std::string whole_table;
    moved_search any_row;
    any_row.any = true;
    any_row.alike.emplace();
    const auto seen = co_await look_at_rows(context.lake, opened.session, opened.table, file,
                                            std::move(whole_table), std::move(any_row));
    co_return !seen.comparable || seen.in_table() > 0;
}

// The entry for the content that was read. A file without a mark gets none of what only a mark has.
lake::ledger_entry kept_entry(const run_context& context, const run_transaction& opened,
                              const lake::listed_file& file, const lake::content_check& seen) {
    const auto& mark = file.mark.mark;
    lake::ledger_entry now;
    now.file = lake::name_alone(file.properties.name);
    now.word = lake::ledger_word::kept;
    now.etag = file.properties.etag;
    now.now = mark ? mark->now : lake::file_record{};
    now.now.rows = seen.lines() > 0 ? seen.lines() - 1 : 0;
    now.now.bytes = seen.bytes();
    now.now.crc = seen.crc();
    now.now.uncompressed = file.compressed() ? seen.csv_bytes() : 0;
    now.now.csv_crc = file.compressed() ? seen.csv_crc() : 0;
    now.now.run = context.run_id;
    now.now.position = opened.position;
    now.now.sample.reset();
    now.now.types = mark ? opened.table.types : 0;
    now.now.identity = mark ? opened.table.identity : 0;
    now.now.ids = 0;
    now.now.before.clear();
    return now;
}

// Whether the file is what its mark and the ledger say, and its rows were written with the types of today.
bool is_as_known(const lake::ledger_state& known, const std::optional<lake::ledger_entry>& entry,
                 const table_description& table, const lake::listed_file& file,
                 const lake::content_check& seen) {
    const auto& mark = file.mark.mark;
    const auto alike = [&seen](const lake::file_record& record) {
        return record.bytes == seen.bytes() && record.crc == seen.crc();
    };
    const bool as_known = !entry || known.verdict_on(*entry, &file) == lake::ledger_verdict::as_known;
    const bool of_todays_types = !mark || mark->now.rows == 0 ||
                                 (mark->now.types == table.types && mark->now.identity == table.identity);
    return as_known && of_todays_types && (mark ? alike(mark->now) : !entry || alike(entry->now));
}

// The mark of a file whose rows the table has too, as `entry` knows them. A file without a mark gets one.
void mark_as_restored(std::optional<lake::file_mark>& mark, lake::file_record& now,
                      const lake::ledger_entry& entry, const table_description& table,
                      std::string_view header) {
    if (!mark) {
        mark.emplace();
        mark->table = table.named.in_mark();
        now.header = azure::crc64(0, lake::bytes_of(header));
        now.transaction = entry.now.transaction;
    }
    const db::transaction_mark author{entry.now.run, entry.now.transaction, entry.now.position};
    mark->restored = lake::restored_mark{author, now.rows};
}

} // namespace

awaitable<void> accept_file(const run_context& context, run_tools& tools, const run_transaction& opened,
                            const lake::listed_file& file) {
    const auto& name = file.properties.name;
    const auto expected = expected_of(opened.table, file.key().which);
    lake::content_check seen(name, file.compressed(), expected, {}, context.lake.row_limit(file));
    const azure::body_sink take = [&seen](std::span<const std::byte> bytes) -> awaitable<void> {
        seen.feed(bytes);
        co_return;
    };
    co_await context.lake.read(name, file.properties.etag, 0, take);
    seen.finish();

    const auto known = co_await tools.ledger.read();
    const auto entry = known.find(lake::name_alone(name));
    auto mark = file.mark.mark;
    if (is_as_known(known, entry, opened.table, file, seen))
        throw async::error(
            failure::precondition,
            fmt::format("'{}' has no uncommitted and no restored rows: there is nothing to decide", name));

    const bool unmarked = entry && entry->restored && !(mark && lake::may_be_in_table(*mark));
    bool restored = false;
    if (unmarked)
        restored = co_await table_has_rows(context, opened, file);

    auto now = kept_entry(context, opened, file, seen);
    now.restored = restored;
    if (restored)
        mark_as_restored(mark, now.now, *entry, opened.table, expected.header);
    if (mark)
        mark->now = now.now;
    std::vector<lake::ledger_entry> entries;
    entries.push_back(std::move(now));
    co_await tools.lease.ready_to_write();
    if (mark && has_parts(opened.table.definitions) && !known.types().contains(opened.table.types))
        co_await tools.ledger.record(types_to_note(opened.table), context.log);
    // First: until the mark is written too, another --keep of the file does both.
    co_await tools.ledger.append(std::move(entries));
    if (mark)
        co_await tools.restores.withdraw(file, *mark);
    context.log.info(
        "file.kept", "the file was accepted as it is, and its content recorded",
        {{"blob", name}, {"rows", seen.lines() > 0 ? seen.lines() - 1 : 0}, {"restored", restored}});
}

} // namespace archive
