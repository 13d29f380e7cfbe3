#include "archive/verifier.hpp"

#include "archive/conflict.hpp"
#include "archive/table_probe.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "csv/dialect.hpp"
#include "db/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

namespace archive {

using async::failure;

namespace {

constexpr int looks_max = 3; // at a file that changes while it is read
constexpr std::size_t suspects_max = 1'000;
constexpr std::uint64_t row_bytes_guess = 64; // where no mark tells the rows of a file

std::uint64_t rows_expected(const lake_file& file) noexcept {
    return file.mark.mark ? file.mark.mark->now.rows : file.properties.size / row_bytes_guess;
}

// How much of the CSV is beyond doubt: a tail that is pending may be in the table as well, after a dry run it
// is.
std::uint64_t settled_bytes(const lake_file& file) noexcept {
    const auto& mark = file.mark.mark;
    if (mark && mark->restoring)
        return 0;
    if (!mark || !mark->pending)
        return std::numeric_limits<std::uint64_t>::max();
    if (!mark->base)
        return 0;
    return file.compressed() ? mark->base->uncompressed : mark->base->bytes;
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

awaitable<verification> verifier::verify(day_range days, std::string against) {
    auto& report = context_.report;
    report.enter(run_phase::connecting);
    co_await with_session(context_.database, [this, &against](db::connection& session) {
        return describe(session, std::move(against));
    });
    report.enter(run_phase::verifying);
    const auto present = co_await context_.lake.present_files();
    if (!present)
        throw async::error(failure::precondition,
                           fmt::format("there is no container '{}'", context_.lake.client().container()),
                           "Check ARCHIVE_PATH; the first `event-archiver archive` creates it.");
    verification result;
    std::vector<lake_file> files;
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
        lanes.push_back(with_session(context_.database, [this, &files, &result](db::connection& session) {
            return lane(session, files, result);
        }));
    co_await async::run_all(std::move(lanes));

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
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    table_ = co_await describe_table(session, settings.table, settings.time_column, settings.key_column);
    header_ = csv::header_line(table_.columns);
    if (!against.empty()) {
        against_ = co_await describe_table(session, against, settings.time_column, settings.key_column);
        if (against_->columns != table_.columns)
            throw async::error(
                failure::precondition,
                fmt::format("{} has other columns than {}", against_->name, table_.name),
                "Compare with a table made like it: CREATE TABLE … (LIKE …), as `restore --into` does.");
    }
    co_await transaction.rollback(); // it has only read
}

awaitable<void> verifier::lane(db::connection& session, const std::vector<lake_file>& files,
                               verification& result) {
    while (next_ < files.size()) {
        const auto index = next_++;
        co_await verify_file(session, files[index], result.files[index]);
        ++context_.report.days_staged;
    }
}

// A file that a run writes to meanwhile is looked at again.
awaitable<void> verifier::verify_file(db::connection& session, lake_file file, verified_file& result) {
    for (int look = 1;; ++look) {
        bool changed = false;
        try {
            co_await prove(session, file, result);
        } catch (const conflict&) {
            if (look == looks_max)
                throw;
            changed = true;
        }
        if (!changed)
            co_return;
        auto now = co_await context_.lake.look(file.properties.name);
        if (!now) {
            result.gone = true;
            co_return;
        }
        file = std::move(*now);
        result = {describe_file(file)};
    }
}

awaitable<void> verifier::prove(db::connection& session, const lake_file& file, verified_file& result) {
    const auto slots = fingerprint_set::slots_for(rows_expected(file) + 1);
    const auto bytes = std::min(fingerprint_set::bytes_for(slots), context_.settings.memory_bytes / 4 * 3);
    const auto share = co_await take_memory(bytes);
    fingerprint_set seen(std::min(slots, bytes / fingerprint_set::bytes_for(1)));

    const auto& settings = context_.settings;
    expected_file expected{result.file.which, header_, 0, settings.time_column, settings.key_column};
    if (file.mark.mark)
        expected.header_crc = file.mark.mark->now.header;
    // Its own snapshot, taken after the listing: what the listing calls final has left the table by then.
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    content_digest ours;
    co_await read_whole(session, file, expected, seen, ours, result);
    if (against_)
        co_await compare_content(session, file, expected, seen, ours, result);
    co_await transaction.rollback(); // it has only read
}

awaitable<void> verifier::read_whole(db::connection& session, const lake_file& file,
                                     const expected_file& expected, fingerprint_set& keys,
                                     content_digest& ours, verified_file& result) {
    auto& found = result.differences;
    const auto settled = settled_bytes(file);
    std::unordered_set<std::uint64_t> suspects;
    std::uint64_t suspects_beyond = 0;
    const auto note_key = [&](std::uint64_t hash) {
        if (keys.insert(hash) != fingerprint_set::outcome::present)
            return;
        if (suspects.size() < suspects_max)
            suspects.insert(hash);
        else if (!suspects.contains(hash)) // those that are suspects are counted when they are named
            ++suspects_beyond;
    };
    table_probe probe(session, table_, found);
    file_reading reading(expected, file.compressed(), found, [&](const placed_row& row) {
        note_key(key_hash(row.key));
        if (row.at.byte < settled)
            probe.add(row.key, row.at);
        if (against_)
            ours.add(row.text);
    });
    const azure::body_sink take = [&](std::span<const std::byte> bytes) -> awaitable<void> {
        const auto rows_before = reading.rows();
        reading.feed(bytes);
        context_.report.rows_read += reading.rows() - rows_before;
        context_.report.bytes_read += bytes.size();
        if (probe.due())
            co_await probe.ask();
    };
    co_await context_.lake.read(file.properties.name, file.properties.etag, 0, take);
    reading.finish();
    co_await probe.ask();
    result.rows = reading.rows();
    result.bytes = reading.bytes();
    compare_with_mark(file, reading, found);

    while (keys.next_pass())
        co_await scan(file, expected, [&](const placed_row& row) { note_key(key_hash(row.key)); });
    if (!suspects.empty())
        co_await name_duplicates(file, expected, suspects, result);
    found.add_unplaced(suspects_beyond);
}

} // namespace archive
