// The verifier's further passes over a file. They only name rows, once a difference is known.
// Tested by tests/integration/test_verify.py.

#include "archive/look/day_proof.hpp"
#include "archive/table/selection.hpp"
#include "db/each_row.hpp"
#include "db/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace archive {

namespace {

// Every row of the table on that day, as COPY writes it, inside the session's transaction.
awaitable<void> read_day(db::connection& session, const table_description& table, lake::day which,
                         db::row_function take) {
    selection all;
    all.upper = "infinity";
    co_await db::for_each_row(session, copy_day_sql(table, one_day(all, which)), std::move(take));
}

} // namespace

// Another pass over a file whose rows have been judged.
awaitable<void> verifier::scan(const proof& one, lake::file_reading::row_sink take) {
    lake::difference_list judged;
    lake::file_reading reading(one.expected, one.file.compressed(), judged, std::move(take),
                               context_.lake.row_limit(one.file));
    const azure::body_sink feed = [&reading](std::span<const std::byte> bytes) -> awaitable<void> {
        reading.feed(bytes);
        co_return;
    };
    co_await context_.lake.read(one.file.properties.name, one.file.properties.etag, 0, feed);
    reading.finish();
}

awaitable<void> verifier::name_duplicates(std::vector<proof>& day, key_watch& keys) {
    day.back().result.differences.add_unplaced(keys.beyond());
    if (keys.suspects().empty())
        co_return;
    struct first_met {
        const proof* file;
        std::uint64_t row;
    };
    std::unordered_map<std::string, first_met> first;
    for (auto& one : day)
        co_await scan(one, [&](const lake::placed_row& row) {
            // A hash that two rows share is no duplicate.
            if (!keys.suspects().contains(lake::content_hash(row.text)))
                return;
            const auto [at, is_first] = first.try_emplace(std::string(row.text), first_met{&one, row.at.row});
            if (is_first)
                return;
            const auto& other = at->second;
            one.result.differences.add(lake::difference_kind::duplicate, row.at,
                                       other.file == &one
                                           ? fmt::format("its key is that of row {} too", other.row)
                                           : fmt::format("its key is that of row {} of '{}' too", other.row,
                                                         other.file->file.properties.name));
        });
}

awaitable<void> verifier::compare_content(db::connection& session, std::vector<proof>& day,
                                          fingerprint_set& rows, const lake::content_digest& ours) {
    lake::content_digest theirs;
    const auto which = day.front().expected.which;
    const auto add = [&theirs](std::string_view row) { theirs.add(row); };
    co_await read_day(session, *against_, which, add);
    if (ours == theirs)
        co_return;
    if (theirs.rows == 0) { // one line a file, and no further pass
        for (auto& one : day) {
            if (one.result.rows == 0)
                continue;
            auto& found = one.result.differences;
            found.add(lake::difference_kind::content, {},
                      fmt::format("{} has none of its {} rows of this day", against_->name, one.result.rows));
            found.add_unplaced(one.result.rows - 1);
        }
        co_return;
    }
    // The contents differ: find the rows.
    rows.restart();
    std::uint64_t missing = 0;
    std::uint64_t extra = 0;
    do {
        for (const auto& one : day)
            co_await scan(one,
                          [&](const lake::placed_row& row) { rows.insert(lake::content_hash(row.text)); });
        const auto look = [&](std::string_view row) {
            const auto hash = lake::content_hash(row);
            if (rows.covers(hash) && !rows.mark(hash))
                ++missing;
        };
        co_await read_day(session, *against_, which, look);
        if (rows.unmarked() == 0)
            continue;
        for (auto& one : day)
            co_await scan(one, [&](const lake::placed_row& row) {
                if (!rows.is_unmarked(lake::content_hash(row.text)))
                    return;
                ++extra;
                one.result.differences.add(lake::difference_kind::content, row.at,
                                           fmt::format("{} has no such row", against_->name));
            });
    } while (rows.next_pass());
    auto& found = day.back().result.differences;
    if (missing > 0) {
        found.add(lake::difference_kind::missing, {},
                  fmt::format("{} row{} of {} {} not in it: added there, or changed", missing,
                              missing == 1 ? "" : "s", against_->name, missing == 1 ? "is" : "are"));
        found.add_unplaced(missing - 1);
    } else if (extra == 0) // the same rows, some of them more often than on the other side
        found.add(
            lake::difference_kind::missing, {},
            fmt::format("it has {} rows of this day and {} has {}", ours.rows, against_->name, theirs.rows));
}

// Rows of days without a file in the folder, where the ledger expects none.
awaitable<void> verifier::note_days_without_file(db::connection& session, lake::day_range days,
                                                 verification& result) {
    std::set<lake::day> present;
    for (const auto& file : result.files)
        present.insert(file.file.which);
    if (present.empty() && !(days.first && days.last))
        co_return;
    selection rows;
    if (days.first)
        rows.lower = days.first->text() + " 00:00:00";
    const auto last = days.last ? *days.last : *present.rbegin();
    const auto next = lake::day::from_number(last.number() + 1);
    rows.upper = next ? next->text() + " 00:00:00" : std::string("10000-01-01 00:00:00");
    const db::transaction_options options(db::access::read_only);
    auto transaction = co_await db::transaction::begin(session, options);
    const auto found = co_await session.query(count_days_sql(*against_, rows));
    co_await transaction.rollback(); // it has only read
    for (int row = 0; row < found.rows(); ++row) {
        const auto which = lake::day::from_number(found.integer(row, 0)).value();
        if (present.contains(which))
            continue;
        verified_file missing{{which, context_.lake.name_of({which, context_.settings.compression})}};
        missing.file.state = file_state::missing;
        missing.differences.add(lake::difference_kind::missing, {},
                                fmt::format("{} rows of {} are of this day, and there is no file of it",
                                            found.integer(row, 1), against_->name));
        result.files.push_back(std::move(missing));
    }
    std::ranges::stable_sort(result.files, {},
                             [](const verified_file& file) { return file.file.which.number(); });
}

} // namespace archive
