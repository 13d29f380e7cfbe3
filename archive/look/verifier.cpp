#include "archive/look/verifier.hpp"

#include "archive/look/day_proof.hpp"
#include "archive/table/file_header.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "db/transaction.hpp"
#include "lake/conflict.hpp"
#include "lake/folder/side_copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <string_view>
#include <utility>

namespace archive {

using async::failure;

namespace {

constexpr int looks_max = 3;                  // at a file that changes while it is read
constexpr std::uint64_t row_bytes_guess = 64; // where no mark tells the rows of a file

std::uint64_t rows_expected(const lake::listed_file& file) noexcept {
    return file.mark.mark ? file.mark.mark->now.rows : file.properties.size / row_bytes_guess;
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
        const auto note = each.note;
        const auto at = same - result.files.begin();
        if (same == result.files.end())
            result.files.push_back({std::move(each)});
        else
            same->file = std::move(each);
        result.files[static_cast<std::size_t>(at)].differences.add(lake::difference_kind::ledger, {}, note);
    }
    std::ranges::stable_sort(result.files, {},
                             [](const verified_file& file) { return file.file.which.number(); });
}

// A file that was listed and is no longer there.
void forget(lake::file_map& present, lake::ledger_state& known, const lake::ledger_state& now,
            const std::string& name) {
    const auto alone = lake::name_alone(name);
    auto key = lake::key_of_file(alone);
    if (!key)
        key = lake::key_of_side_copy(alone);
    if (key)
        present.erase(*key);
    if (const auto entry = now.find(alone))
        known.replace(*entry);
    else
        known.erase(alone);
}

// `theirs` and `ours` differ.
std::string how_columns_differ(const std::vector<std::string>& theirs, const std::vector<std::string>& ours) {
    for (const auto& name : ours)
        if (std::ranges::find(theirs, name) == theirs.end())
            return fmt::format("it lacks '{}'", name);
    for (const auto& name : theirs)
        if (std::ranges::find(ours, name) == ours.end())
            return fmt::format("it also has '{}'", name);
    return "they stand in another order";
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
    // The rest is for buffers: bodies of answers, batches of keys, rows that span pieces.
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
    // The ledger is read before the listing, so that a file which is archived in between is not missed.
    lake::ledger book(context_.lake);
    known_ = co_await book.read();
    auto present = co_await context_.lake.present_files();
    if (!present)
        throw async::error(failure::precondition,
                           fmt::format("there is no container '{}'", context_.lake.client().container()),
                           "Check ARCHIVE_PATH; the first `event-archiver archive` creates it.");
    verification result;
    const auto files = present->keys_in(days);
    result.files.reserve(files.size());
    for (const auto& key : files) {
        const auto file = present->unpacked(key).value();
        result.files.push_back({describe_file(file)});
        report.rows_planned += rows_expected(file);
    }
    report.days_planned = files.size();

    std::vector<awaitable<void>> lanes;
    for (std::size_t count = 0; count < std::min(context_.settings.parallel, files.size()); ++count)
        lanes.push_back(
            db::with_session(context_.database, [this, &present, &files, &result](db::connection& session) {
                return lane(session, *present, files, result);
            }));
    co_await async::run_all(std::move(lanes));

    if (std::ranges::any_of(result.files, &verified_file::gone)) {
        // The ledger says by now whether a file that went meanwhile was removed on purpose.
        const auto now = co_await book.read();
        for (const auto& file : result.files)
            if (file.gone)
                forget(*present, known_, now, file.file.name);
    }
    note_ledger(result, differing_from_ledger(*present, days, known_, context_.lake.prefix()));
    if (against_) {
        const std::function<awaitable<void>(db::connection&)> look = [this, &days,
                                                                      &result](db::connection& session) {
            return note_days_without_file(session, days, result);
        };
        co_await db::with_session(context_.database, look);
    }
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
        other = co_await resolve_table(session, against, "--against");
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
                fmt::format("{} has other columns than {}: {}", against_->name, table_.name,
                            how_columns_differ(against_->columns, table_.columns)),
                "Compare with a table made like it: CREATE TABLE … (LIKE …), as `restore --into` does.");
    }
    co_await transaction.rollback(); // it has only read
}

awaitable<void> verifier::lane(db::connection& session, const lake::file_map& present,
                               const std::vector<lake::file_key>& files, verification& result) {
    while (next_ < files.size()) {
        const auto first = next_;
        const auto which = files[first].which;
        std::vector<lake::listed_file> day;
        for (; next_ < files.size() && files[next_].which == which; ++next_)
            day.push_back(present.unpacked(files[next_]).value());
        const auto count = day.size();
        co_await verify_day(session, std::move(day), std::span(result.files).subspan(first, count));
        context_.report.days_staged += count;
    }
}

// Files that a run writes to meanwhile are looked at again.
awaitable<void> verifier::verify_day(db::connection& session, std::vector<lake::listed_file> files,
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

awaitable<void> verifier::prove(db::connection& session, const std::vector<lake::listed_file>& files,
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

    // A snapshot taken after the listing: rows that the listing calls final have left the table by then.
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    std::exception_ptr changed; // a file, while it was read
    try {
        co_await read_day_files(session, day, keys);
    } catch (const lake::conflict&) {
        changed = std::current_exception();
    }
    co_await transaction.rollback(); // it has only read
    if (changed)
        std::rethrow_exception(changed);
}

awaitable<void> verifier::read_day_files(db::connection& session, std::vector<proof>& day, key_watch& keys) {
    lake::content_digest ours;
    for (auto& one : day)
        co_await read_whole(session, one, keys, ours);
    while (keys.seen().next_pass())
        for (const auto& one : day)
            co_await scan(one,
                          [&keys](const lake::placed_row& row) { keys.note(lake::content_hash(row.text)); });
    co_await name_duplicates(day, keys);
    if (against_)
        co_await compare_content(session, day, keys.seen(), ours);
}

} // namespace archive
