#include "archive/look/verifier.hpp"

#include "archive/look/day_proof.hpp"
#include "archive/stage/known_content.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/table_probe.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "db/transaction.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace archive {

using async::failure;

namespace {

constexpr int looks_max = 3;                  // at a file that changes while it is read
constexpr std::uint64_t row_bytes_guess = 64; // where no mark tells the rows of a file

std::uint64_t rows_expected(const lake::lake_file& file) noexcept {
    return file.mark.mark ? file.mark.mark->now.rows : file.properties.size / row_bytes_guess;
}

// How much of the CSV is in the file alone: a tail that is pending may be in the table as well, after a dry
// run it is, and so may the rows of a restored day.
std::uint64_t settled_bytes(const lake::lake_file& file) noexcept {
    const auto& mark = file.mark.mark;
    if (mark && (mark->restoring || mark->restored))
        return 0;
    if (!mark || !mark->pending)
        return std::numeric_limits<std::uint64_t>::max();
    if (!mark->base)
        return 0;
    return file.compressed() ? mark->base->uncompressed : mark->base->bytes;
}

// What the ledger knows of a file that has no mark, or one of another length: by its mark the others are
// told.
const lake::ledger_entry* entry_of_unmarked(const lake::lake_file& file, const lake::ledger_state& known) {
    if (!file.mark.mistake.empty() || (file.mark.mark && file.mark.mark->now.bytes == file.properties.size))
        return nullptr;
    const std::string_view name = file.properties.name;
    const auto found = known.find(std::string(name.substr(name.rfind('/') + 1)));
    return found == known.end() || found->second.now.rows == 0 ? nullptr : &found->second;
}

void note_ledger(verification& result, std::vector<archived_file> differing) {
    for (auto& each : differing) {
        const auto told = std::ranges::any_of(result.files, [&each](const verified_file& file) {
            return file.file.name == each.name && file.differences.count() > 0;
        });
        if (told) // by what was read
            continue;
        const auto same = std::ranges::find(result.files, each.name,
                                            [](const verified_file& file) { return file.file.name; });
        const auto what = each.note;
        const auto at = same - result.files.begin();
        if (same == result.files.end())
            result.files.push_back({std::move(each)});
        else
            same->file = std::move(each);
        result.files[static_cast<std::size_t>(at)].differences.add(lake::difference_kind::ledger, {}, what);
    }
    std::ranges::stable_sort(result.files, {},
                             [](const verified_file& file) { return file.file.which.number(); });
}

} // namespace

class verifier::memory_share {
  public:
    memory_share(verifier& owner, std::uint64_t bytes) noexcept
        : owner_(&owner)
        , bytes_(bytes) {}
    memory_share(memory_share&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr))
        , bytes_(other.bytes_) {}
    memory_share& operator=(memory_share&&) = delete;
    ~memory_share() {
        if (owner_ == nullptr)
            return;
        owner_->memory_free_ += bytes_;
        owner_->memory_returned_.notify_all();
    }

  private:
    verifier* owner_;
    std::uint64_t bytes_;
};

verifier::verifier(const async::asio::any_io_executor& executor, verify_context context)
    : context_(context)
    // The rest is for what is on its way: bodies of answers, batches of keys, rows that span pieces.
    , memory_free_(context.settings.memory_bytes / 4 * 3)
    , memory_returned_(executor) {}

awaitable<verifier::memory_share> verifier::take_memory(std::uint64_t wanted) {
    while (memory_free_ < wanted)
        co_await memory_returned_.wait();
    memory_free_ -= wanted;
    co_return memory_share(*this, wanted);
}

awaitable<verification> verifier::verify(lake::day_range days, std::string against) {
    auto& report = context_.report;
    report.enter(run_phase::connecting);
    co_await db::with_session(context_.database, [this, &against](db::connection& session) {
        return describe(session, std::move(against));
    });
    report.enter(run_phase::verifying);
    // First: what is archived meanwhile is then no file that it misses.
    lake::ledger book(context_.lake);
    known_ = co_await book.read();
    const auto present = co_await context_.lake.present_files();
    if (!present)
        throw async::error(failure::precondition,
                           fmt::format("there is no container '{}'", context_.lake.client().container()),
                           "Check ARCHIVE_PATH; the first `event-archiver archive` creates it.");
    verification result;
    std::vector<lake::lake_file> files;
    for (const auto& [key, file] : *present) {
        if (!days.contains(key.which))
            continue;
        files.push_back(file);
        result.files.push_back({describe_file(file)});
        report.rows_planned += rows_expected(file);
    }
    report.days_planned = files.size();

    std::vector<awaitable<void>> lanes;
    for (std::size_t count = 0; count < std::min(context_.settings.parallel, files.size()); ++count)
        lanes.push_back(db::with_session(context_.database, [this, &files, &result](db::connection& session) {
            return lane(session, files, result);
        }));
    co_await async::run_all(std::move(lanes));

    note_ledger(result, differing_from_ledger(*present, days, known_, context_.lake.prefix()));
    for (const auto& file : result.files) {
        result.rows += file.rows;
        result.bytes += file.bytes;
        result.differences += file.differences.count();
        result.pending += file.file.state == file_state::pending && !file.gone ? 1 : 0;
        result.foreign += file.file.state == file_state::foreign && !file.gone ? 1 : 0;
    }
    co_return result;
}

awaitable<void> verifier::describe(db::connection& session, std::string against) {
    const auto& settings = context_.settings;
    const auto named = co_await resolve_table(session, settings.table);
    named_table other;
    if (!against.empty())
        other = co_await resolve_table(session, against);
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    table_ = co_await describe_table(session, named, settings.time_column, settings.key_columns);
    if (!against.empty()) {
        std::vector<std::string> key;
        for (const auto& column : table_.keys)
            key.push_back(column.name);
        against_ = co_await describe_table(session, other, settings.time_column, key, key_demand::any);
        if (against_->columns != table_.columns)
            throw async::error(
                failure::precondition,
                fmt::format("{} has other columns than {}", against_->name, table_.name),
                "Compare with a table made like it: CREATE TABLE … (LIKE …), as `restore --into` does.");
    }
    co_await transaction.rollback(); // it has only read
}

awaitable<void> verifier::lane(db::connection& session, const std::vector<lake::lake_file>& files,
                               verification& result) {
    while (next_ < files.size()) {
        const auto first = next_;
        const auto which = result.files[first].file.which;
        while (next_ < files.size() && result.files[next_].file.which == which)
            ++next_;
        const auto at = static_cast<std::ptrdiff_t>(first);
        const auto end = static_cast<std::ptrdiff_t>(next_);
        std::vector<lake::lake_file> day(files.begin() + at, files.begin() + end);
        const auto count = day.size();
        co_await verify_day(session, std::move(day), std::span(result.files).subspan(first, count));
        context_.report.days_staged += count;
    }
}

// Files that a run writes to meanwhile are looked at again.
awaitable<void> verifier::verify_day(db::connection& session, std::vector<lake::lake_file> files,
                                     std::span<verified_file> results) {
    for (int look = 1;; ++look) {
        bool changed = false;
        try {
            co_await prove(session, files, results);
        } catch (const lake::conflict&) {
            if (look == looks_max)
                throw;
            changed = true;
        }
        if (!changed)
            co_return;
        for (std::size_t each = 0; each < files.size(); ++each) {
            auto now = co_await context_.lake.look(files[each].properties.name);
            if (now)
                files[each] = std::move(*now);
            results[each] = {describe_file(files[each])};
            results[each].gone = !now;
        }
    }
}

awaitable<void> verifier::prove(db::connection& session, const std::vector<lake::lake_file>& files,
                                std::span<verified_file> results) {
    const auto& settings = context_.settings;
    std::vector<proof> day;
    std::uint64_t rows = 1;
    for (std::size_t each = 0; each < files.size(); ++each) {
        if (results[each].gone)
            continue;
        const auto& file = files[each];
        auto expected = expected_of(table_, results[each].file.which);
        if (file.mark.mark)
            expected.header_crc = file.mark.mark->now.header;
        rows += rows_expected(file);
        day.push_back({file, std::move(expected), results[each]});
    }
    if (day.empty())
        co_return;

    const auto slots = fingerprint_set::slots_for(rows);
    const auto bytes = std::min(fingerprint_set::bytes_for(slots), settings.memory_bytes / 4 * 3);
    const auto share = co_await take_memory(bytes);
    fingerprint_set seen(std::min(slots, bytes / fingerprint_set::bytes_for(1)));
    key_watch keys(seen);

    // Its own snapshot, taken after the listing: what the listing calls final has left the table by then.
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    lake::content_digest ours;
    for (auto& one : day)
        co_await read_whole(session, one, keys, ours);
    while (seen.next_pass())
        for (const auto& one : day)
            co_await scan(one,
                          [&keys](const lake::placed_row& row) { keys.note(lake::content_hash(row.text)); });
    co_await name_duplicates(day, keys);
    if (against_)
        co_await compare_content(session, day, seen, ours);
    co_await transaction.rollback(); // it has only read
}

// Those of the file, if the table still has them all; none if rows of the two cannot be compared.
awaitable<std::vector<std::string>> verifier::compared_columns(const proof& one) {
    if (one.expected.header_crc == 0 || one.expected.header_crc == row_crc(one.expected.header))
        co_return table_.columns;
    std::vector<std::string> columns;
    try {
        columns = co_await columns_of(context_.lake, one.file, table_);
    } catch (const async::error& failed) {
        if (failed.kind() != failure::integrity) // no header: that is told of the file itself
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
    const auto* entry = entry_of_unmarked(file, known_);
    if (entry != nullptr)
        known.emplace(entry->now, one.expected.header);
    const auto note = [&](const lake::placed_row& row) {
        keys.note(lake::content_hash(row.text));
        if (known && !file.compressed())
            known->row(row.text);
        if (row.at.byte < settled)
            probe.add(row);
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
