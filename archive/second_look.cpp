// The verifier's further passes over a file: only to name rows, once something is known to be wrong.

#include "archive/verifier.hpp"

#include <fmt/format.h>

#include <string>
#include <unordered_map>
#include <utility>

namespace archive {

// Another pass over a file whose rows have been judged.
awaitable<void> verifier::scan(const lake_file& file, const expected_file& expected,
                               file_reading::row_sink take) {
    difference_list judged;
    file_reading reading(expected, file.compressed(), judged, std::move(take));
    const azure::body_sink feed = [&reading](std::span<const std::byte> bytes) -> awaitable<void> {
        reading.feed(bytes);
        co_return;
    };
    co_await context_.lake.read(file.properties.name, file.properties.etag, 0, feed);
    reading.finish();
}

awaitable<void> verifier::name_duplicates(const lake_file& file, const expected_file& expected,
                                          const std::unordered_set<std::uint64_t>& suspects,
                                          verified_file& result) {
    std::unordered_map<std::string, std::uint64_t> first;
    co_await scan(file, expected, [&](const placed_row& row) {
        // A hash that two keys share is no duplicate.
        if (!suspects.contains(key_hash(row.key)))
            return;
        const auto [at, is_first] = first.try_emplace(std::string(row.key), row.at.row);
        if (!is_first)
            result.differences.add(difference_kind::duplicate, row.at,
                                   fmt::format("its key is that of row {} too", at->second));
    });
}

awaitable<void> verifier::compare_content(db::connection& session, const lake_file& file,
                                          const expected_file& expected, fingerprint_set& rows,
                                          const content_digest& ours, verified_file& result) {
    content_digest theirs;
    const auto which = expected.which;
    const auto add = [&theirs](std::string_view row) { theirs.add(row); };
    co_await read_day(session, *against_, which, add);
    if (ours == theirs)
        co_return;
    // They differ: which rows?
    rows.restart();
    std::uint64_t missing = 0;
    std::uint64_t extra = 0;
    do {
        co_await scan(file, expected, [&](const placed_row& row) { rows.insert(content_hash(row.text)); });
        const auto look = [&](std::string_view row) {
            const auto hash = content_hash(row);
            if (rows.covers(hash) && !rows.mark(hash))
                ++missing;
        };
        co_await read_day(session, *against_, which, look);
        if (rows.unmarked() == 0)
            continue;
        co_await scan(file, expected, [&](const placed_row& row) {
            if (!rows.is_unmarked(content_hash(row.text)))
                return;
            ++extra;
            result.differences.add(difference_kind::content, row.at,
                                   fmt::format("{} has no such row", against_->name));
        });
    } while (rows.next_pass());
    if (missing > 0)
        result.differences.add(difference_kind::missing, {},
                               fmt::format("{} rows of {} are not in it", missing, against_->name));
    else if (extra == 0) // the same rows, some of them more often than on the other side
        result.differences.add(
            difference_kind::missing, {},
            fmt::format("it has {} rows of this day and {} has {}", ours.rows, against_->name, theirs.rows));
}

} // namespace archive
