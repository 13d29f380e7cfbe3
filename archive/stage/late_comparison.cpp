// The part of staging that looks for rows older than the last run's cutoff in their file. A run leaves no
// such row in the table: one that is there came late, or somebody put it back from the file.
// Tested by tests/fault/test_rows_put_back.py.

#include "archive/stage/staging.hpp"
#include "archive/table/file_header.hpp"
#include "async/error.hpp"
#include "csv/field_ends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

namespace {

// The time that every row of the file is older than. Empty: none is known.
std::string rows_before(const lake::listed_file& file) {
    const auto& now = file.mark.mark->now;
    if (now.rows == 0)
        return {};
    const auto next = lake::day::from_number(file.key().which.number() + 1);
    return !now.before.empty() || !next ? now.before : next->text() + " 00:00:00";
}

async::error too_many(const std::string& name) {
    return {
        async::failure::precondition,
        fmt::format(
            "more rows of '{}' are older than the last run's cutoff than can be compared with it in the"
            " memory there is",
            name),
        "Raise ARCHIVE_MEMORY for this run. They have come into the table late, or are in the file already."};
}

} // namespace

bool staging::may_have_late(const lake::listed_file& source) const {
    const auto& mark = source.mark.mark;
    // If the file has other columns, no row of the table is in it byte for byte.
    return mark && mark->table == lake::table_in_mark(context_.table.schema, context_.table.relation) &&
           mark->now.header == header_crc_ && !mark->restored && !is_doubted(source) &&
           !rows_before(source).empty();
}

// Called once for a day whose file is there. A file that was restored, is doubted, or has no mark is compared
// with all rows of the day anyway.
void staging::expect_late(day_file& file) {
    for (const auto kind : {lake::compression::none, lake::compression::gzip}) {
        const auto* const found = context_.existing.find({file.which(), kind});
        if (found != nullptr && may_have_late(*found))
            file.late_before = std::max(file.late_before, rows_before(*found));
    }
}

bool staging::wants_late_rows(const day_file& file) const noexcept { return !file.late_before.empty(); }

void staging::note_late(day_file& file, std::string_view row) {
    constexpr std::size_t batch = 1024;
    if (file.late.size() % batch == 0) {
        const auto bytes = batch * sizeof(std::uint64_t);
        if (!memory_.has_room_for_rows(bytes))
            throw too_many(file.name);
        file.held_memory += bytes;
        memory_.take_for_rows(bytes);
    }
    file.late.push_back(key_.hash_of(row));
}

// A time as COPY writes it compares as text with another of the same day. A zone of +00 behind it can only
// make it compare as smaller, which costs a needless look.
bool staging::must_wait_as_late(const day_file& file, std::string_view row) {
    if (context_.by_day || file.late_before.empty())
        return false;
    csv::find_field_ends(row, ends_to_time_);
    return csv::raw_field(row, ends_to_time_, ends_to_time_.size() - 1) < file.late_before;
}

awaitable<void> staging::keep_late(day_file& file, std::string_view row) {
    file.late_rows.emplace_back(row);
    const auto bytes = sizeof(std::string) + row.size();
    file.late_bytes += bytes;
    memory_.take_for_rows(bytes);
    // The largest first: each comparison reads a file.
    while (!memory_.has_room_for_rows()) {
        day_file* largest = nullptr;
        for (const auto& [which, each] : files_)
            if (!each->comparing_late && (largest == nullptr || each->late_bytes > largest->late_bytes))
                largest = each.get();
        if (largest == nullptr || largest->late_bytes == 0)
            co_return;
        co_await settle_late_of(*largest);
    }
}

awaitable<void> staging::settle_late() {
    for (const auto& [which, file] : files_)
        while (!file->late_rows.empty())
            co_await settle_late_of(*file);
}

awaitable<void> staging::settle_late_of(day_file& file) {
    file.comparing_late = true;
    const auto rows = std::exchange(file.late_rows, {});
    const auto bytes = std::exchange(file.late_bytes, 0);
    for (const auto& row : rows)
        file.late.push_back(key_.hash_of(row));
    co_await compare_late(file);
    for (const auto& row : rows)
        co_await append_compared(file, row);
    memory_.give_back_of_rows(bytes);
    file.comparing_late = false;
}

awaitable<void> staging::compare_late(day_file& file) {
    if (file.late.empty())
        co_return;
    std::ranges::sort(file.late);
    context_.log.info(
        "day.late_rows",
        "rows older than the last run's cutoff are in the table: they are looked for in the file",
        {{"day", file.which().text()}, {"blob", file.name}, {"rows", file.late.size()}});
    co_await compare_all(file);
    file.late = {};
}

awaitable<void> staging::compare_all(day_file& file) {
    for (const auto kind : {lake::compression::none, lake::compression::gzip}) {
        const auto* const found = context_.existing.find({file.which(), kind});
        if (found == nullptr || !may_have_late(*found))
            continue;
        const auto& source = *found;
        if (source.key() == file.key) {
            (void)co_await remember_rows_in(file, source);
            continue;
        }
        if (!file.other)
            open_other(file, source);
        file.other->late = file.late;
        const auto record = co_await remember_rows_in(*file.other, source);
        file.other->late = {};
        file.other->untouched = is_as_marked(source) ? source.mark.mark->now : record;
        file.other->base = file.other->untouched;
    }
}

} // namespace archive
