// The part of staging that looks whether rows older than the last run's cutoff are in the file already. A run
// leaves no such row in the table. One that is there came late, or somebody put it back from the file.

#include "archive/stage/staging.hpp"
#include "async/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace archive {

namespace {

// What every row of the file is older than. Empty: it has none.
std::string rows_before(const lake::lake_file& file) {
    const auto& now = file.mark.mark->now;
    if (now.rows == 0)
        return {};
    const auto next = lake::day::from_number(file.key().which.number() + 1);
    return !now.before.empty() || !next ? now.before : next->text() + " 00:00:00";
}

async::error too_many(const std::string& name, bool by_day) {
    return {async::failure::precondition,
            fmt::format(
                "the rows of '{}' are more than can be compared with the table in the memory there is", name),
            by_day ? "Raise ARCHIVE_MEMORY. Rows older than the last run's cutoff have come into the table:"
                     " they may be in the file already."
                   : "Raise ARCHIVE_MEMORY, or create an index on the time column: then only rows that came"
                     " late are compared."};
}

} // namespace

bool staging::may_have_late(const lake::lake_file& source) const {
    const auto& mark = source.mark.mark;
    // Under other columns no row of the table is in the file to the letter.
    return mark && mark->table == lake::table_in_mark(context_.table.schema, context_.table.relation) &&
           mark->now.header == header_crc_ && !mark->restored && !is_doubted(source) &&
           !rows_before(source).empty();
}

// Called once for a day whose file is there. A file that was restored, is doubted, or has no mark is compared
// with all rows of the day anyway.
awaitable<void> staging::expect_late(day_file& file) {
    for (const auto kind : {lake::compression::none, lake::compression::gzip}) {
        const auto found = existing_.find({file.which(), kind});
        if (found != existing_.end() && may_have_late(found->second))
            file.late_before = std::max(file.late_before, rows_before(found->second));
    }
    if (!file.late_before.empty() && !context_.by_day)
        co_await compare_all(file);
}

bool staging::wants_late_rows(const day_file& file) const noexcept { return !file.late_before.empty(); }

void staging::note_late(day_file& file, std::string_view row) {
    constexpr std::size_t batch = 1024;
    if (file.late.size() % batch == 0) {
        const auto bytes = batch * sizeof(std::uint64_t);
        if (file.late.size() * sizeof(std::uint64_t) > memory().bytes / 2)
            throw too_many(file.name, true);
        file.held_memory += bytes;
        context_.pages.set_aside(bytes);
        set_aside_ += bytes;
    }
    file.late.push_back(key_.hash_of(row));
}

awaitable<void> staging::compare_late(day_file& file) {
    if (file.late.empty())
        co_return;
    std::ranges::sort(file.late);
    context_.sink.info(
        "day.late_rows",
        "rows older than the last run's cutoff are in the table: they are looked for in the file",
        {{"day", file.which().text()}, {"blob", file.name}, {"rows", file.late.size()}});
    co_await compare_all(file);
    file.late = {};
}

awaitable<void> staging::compare_all(day_file& file) {
    for (const auto kind : {lake::compression::none, lake::compression::gzip}) {
        const auto found = existing_.find({file.which(), kind});
        if (found == existing_.end() || !may_have_late(found->second))
            continue;
        const auto& source = found->second;
        if (file.late.empty() && source.mark.mark->now.rows * held_rows::bytes_per_row > memory().bytes / 2)
            throw too_many(source.properties.name, false);
        if (source.key() == file.key) {
            (void)co_await remember_rows_in(file, source);
            continue;
        }
        open_other(file, source);
        file.other->late = file.late;
        const auto record = co_await remember_rows_in(*file.other, source);
        file.other->late = {};
        file.other->untouched = is_as_marked(source) ? source.mark.mark->now : record;
        file.other->base = file.other->untouched;
    }
}

} // namespace archive
