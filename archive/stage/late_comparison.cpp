#include "archive/stage/late_comparison.hpp"

#include "archive/stage/other_kind.hpp"
#include "archive/stage/remember_rows.hpp"
#include "archive/table/file_header.hpp"
#include "async/error.hpp"
#include "csv/field_ends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
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

bool late_comparison::may_have_late(const lake::listed_file& source) const {
    const auto& table = tools_.context.table;
    const auto& mark = source.mark.mark;
    // If the file has other columns, no row of the table is in it byte for byte.
    return mark && mark->table == table.named.in_mark() && mark->now.header == tools_.header_crc &&
           !mark->restored && !is_doubted(tools_.context, source) && !rows_before(source).empty();
}

void late_comparison::expect(day_file& file) const {
    for (const auto kind : {lake::compression::none, lake::compression::gzip}) {
        const auto* const found = tools_.context.existing.find({file.which(), kind});
        if (found != nullptr && may_have_late(*found))
            file.late.before = std::max(file.late.before, rows_before(*found));
    }
}

void late_comparison::note(day_file& file, std::string_view row) {
    constexpr std::size_t batch = 1024;
    if (file.late.keys.size() % batch == 0) {
        const auto bytes = batch * sizeof(std::uint64_t);
        if (!tools_.memory.has_room_for_rows(bytes))
            throw too_many(file.name);
        file.held_memory += bytes;
        tools_.memory.take_for_rows(bytes);
    }
    file.late.keys.push_back(tools_.key.hash_of(row));
}

// A time as COPY writes it compares as text with another of the same day. A zone of +00 behind it can only
// make it compare as smaller, which costs a needless look.
bool late_comparison::is_late(const day_file& file, std::string_view row) {
    csv::find_field_ends(row, ends_to_time_);
    return csv::raw_field(row, ends_to_time_, ends_to_time_.size() - 1) < file.late.before;
}

void late_comparison::keep(day_file& file, std::string_view row) {
    auto& kept = file.late.kept;
    kept.rows.emplace_back(row);
    const auto bytes = sizeof(std::string) + row.size();
    kept.bytes += bytes;
    tools_.memory.take_for_rows(bytes);
}

// The largest: each comparison reads a file.
day_file* late_comparison::too_large(const day_files& files) const {
    if (tools_.memory.has_room_for_rows())
        return nullptr;
    day_file* largest = nullptr;
    for (const auto& [which, each] : files)
        if (!each->late.comparing && each->late.kept.bytes > (largest ? largest->late.kept.bytes : 0))
            largest = each.get();
    return largest;
}

late_rows::kept_rows late_comparison::begin(day_file& file) {
    file.late.comparing = true;
    auto kept = std::exchange(file.late.kept, {});
    for (const auto& row : kept.rows)
        file.late.keys.push_back(tools_.key.hash_of(row));
    return kept;
}

void late_comparison::end(day_file& file, const late_rows::kept_rows& compared) noexcept {
    tools_.memory.give_back_of_rows(compared.bytes);
    file.late.comparing = false;
}

awaitable<void> late_comparison::compare(day_file& file) {
    auto& keys = file.late.keys;
    if (keys.empty())
        co_return;
    std::ranges::sort(keys);
    tools_.context.log.info(
        "day.late_rows",
        "rows older than the last run's cutoff are in the table: they are looked for in the file",
        {{"day", file.which().text()}, {"blob", file.name}, {"rows", keys.size()}});
    for (const auto kind : {lake::compression::none, lake::compression::gzip}) {
        const auto* const source = tools_.context.existing.find({file.which(), kind});
        if (source == nullptr || !may_have_late(*source))
            continue;
        if (source->key() == file.key) {
            (void)co_await remember_rows_in(tools_, file, *source, keys);
            continue;
        }
        if (!file.other)
            open_other(tools_.context, file, *source);
        const auto record = co_await remember_rows_in(tools_, *file.other, *source, keys);
        file.other->untouched = is_as_marked(*source) ? source->mark.mark->now : record;
        file.other->base = file.other->untouched;
    }
    keys = {};
}

} // namespace archive
