// The verifier's first look at a file: all of it is compared with its mark, the ledger and the table.
// Tested by tests/integration/test_verify.py.
#include "archive/look/day_proof.hpp"
#include "archive/stage/known_content.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/table_probe.hpp"
#include "async/error.hpp"

#include <algorithm>
#include <limits>

namespace archive {

using async::failure;

namespace {

// How many bytes of CSV are in the file alone. A pending tail may be in the table as well (after a dry run it
// is), and so may the rows of a restored day.
std::uint64_t settled_bytes(const lake::listed_file& file) noexcept {
    const auto& mark = file.mark.mark;
    if (mark && (mark->restoring || mark->restored))
        return 0;
    if (!mark || !mark->pending)
        return std::numeric_limits<std::uint64_t>::max();
    if (!mark->base)
        return 0;
    return file.compressed() ? mark->base->uncompressed : mark->base->bytes;
}

// The ledger's entry of a file that has no mark, or whose mark records another length. For all other files
// the mark says the same as the ledger.
std::optional<lake::ledger_entry> entry_of_unmarked(const lake::listed_file& file,
                                                    const lake::ledger_state& known) {
    if (!file.mark.mistake.empty() || (file.mark.mark && file.mark.mark->now.bytes == file.properties.size))
        return std::nullopt;
    auto found = known.find(lake::name_alone(file.properties.name));
    return found && found->now.rows > 0 ? std::move(found) : std::nullopt;
}

} // namespace

// The columns of the file if the table still has them all; empty if rows of the two cannot be compared.
awaitable<std::vector<std::string>> verifier::compared_columns(const proof& one) {
    if (one.expected.header_crc == 0 || one.expected.header_crc == row_crc(one.expected.header))
        co_return table_.columns;
    std::vector<std::string> columns;
    try {
        columns = co_await columns_of(context_.lake, one.file, table_);
    } catch (const async::error& failed) {
        if (failed.kind() != failure::integrity) // no header: the check of the file itself reports that
            throw;
    }
    const auto still_there = [this](const std::string& name) {
        return std::ranges::find(table_.columns, name) != table_.columns.end();
    };
    if (!std::ranges::all_of(columns, still_there))
        columns.clear();
    co_return columns;
}

awaitable<void> verifier::read_whole(db::connection& session, proof& one, key_watch& keys,
                                     lake::content_digest& ours) {
    auto& found = one.result.differences;
    const auto& file = one.file;
    const auto settled = settled_bytes(file);
    table_probe probe(session, table_, co_await compared_columns(one), found);
    std::optional<known_content> known;
    const auto entry = entry_of_unmarked(file, known_);
    if (entry)
        known.emplace(entry->now, one.expected.header);
    const auto note = [&](const lake::placed_row& row) {
        const auto hash = lake::content_hash(row.text);
        keys.note(hash);
        if (known)
            known->row(row.text);
        if (row.at.byte < settled)
            probe.add(row, hash);
        if (against_)
            ours.add(row.text);
    };
    lake::file_reading reading(one.expected, file.compressed(), found, note, context_.lake.row_limit(file));
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        const auto rows_before = reading.rows();
        if (known)
            known->feed(bytes);
        for (reading.give(bytes); reading.step();)
            if (probe.due())
                co_await probe.ask();
        context_.report.rows_read += reading.rows() - rows_before;
        context_.report.bytes_read += bytes.size();
    };
    co_await context_.lake.read(file.properties.name, file.properties.etag, 0, take);
    reading.finish();
    co_await probe.ask();
    one.result.rows = reading.rows();
    one.result.bytes = reading.bytes();
    lake::compare_with_mark(file, reading, found);
    if (known && !known->is_there() && found.count() == 0)
        found.add(lake::difference_kind::ledger, {}, lake::describe(lake::ledger_verdict::altered, *entry));
}

} // namespace archive
