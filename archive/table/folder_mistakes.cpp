#include "archive/table/folder_mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace archive {

using async::failure;

namespace {

// Of a key of these types the text stays, whichever of them it was before.
constexpr std::array<std::string_view, 4> stable_types{"smallint", "integer", "bigint", "uuid"};

bool is_stable(const key_column& key) noexcept {
    return std::ranges::find(stable_types, key.type) != stable_types.end();
}

} // namespace

const std::string_view other_types_hint =
    "If they are the same rows, delete them from the table: the file has them. If they are others, run"
    " `event-archiver recover --keep FILE`: the file's rows are then compared as rows of today's types.";

moved_look choose_look(const lake::file_record& file, const table_description& table) noexcept {
    const bool known = file.identity != 0;
    if (file.rows == 0 || (known && file.identity == table.identity) || file.types == table.types)
        return moved_look::none;
    return known && !std::ranges::all_of(table.keys, is_stable) ? moved_look::impossible : moved_look::by_key;
}

bool is_near(lake::day which, const std::set<lake::day>& due) noexcept {
    // Zones are 26 hours apart at most.
    constexpr std::int32_t days = 2;
    return std::ranges::any_of(due, [which](lake::day each) {
        return each.number() >= which.number() - days && each.number() <= which.number() + days;
    });
}

async::error cannot_be_told(const lake::listed_file& file, const table_description& table) {
    return {
        failure::integrity,
        fmt::format("the time column or the key of {} has had another type since '{}' was written: it is not"
                    " known whether rows that are due near its day are in it",
                    table.name, file.properties.name),
        std::string(other_types_hint)};
}

std::optional<async::error> mark_mistake(const lake::listed_file& file) {
    if (file.mark.mistake.empty())
        return std::nullopt;
    return async::error(failure::precondition,
                        fmt::format("'{}': {}", file.properties.name, file.mark.mistake),
                        "Restore its metadata, or move the file away. docs/protocol.md names the fields.");
}

std::optional<async::error> time_mistake(const lake::listed_file& file, const table_description& table,
                                         std::string_view column) {
    const auto& mark = file.mark.mark;
    if (!mark || mark->now.time_column.empty() || mark->now.time_column == column || mark->now.rows == 0 ||
        std::ranges::find(table.columns, mark->now.time_column) == table.columns.end())
        return std::nullopt;
    return async::error(
        failure::precondition,
        fmt::format("the rows of '{}' were put there by column '{}', not by '{}'", file.properties.name,
                    mark->now.time_column, column),
        "Set ARCHIVE_TIME_COLUMN back, or give the archive by the other column a folder of its own with"
        " ARCHIVE_PATH: a row has one day only.");
}

std::optional<lake::refusal> columns_mistake(const lake::listed_file& file, std::uint64_t header_crc) {
    const auto& mark = file.mark.mark;
    if (!mark || mark->now.header == header_crc)
        return std::nullopt;
    const std::string why = "the table's columns have changed since it was written";
    if (mark->restored)
        return lake::refusal{
            failure::precondition, why,
            "If the table's rows count, run `event-archiver recover --discard FILE`: the file is"
            " emptied, and the rows are archived again. If the file's count, delete the day's rows from"
            " the table."};
    return lake::refusal{failure::precondition, why,
                         "Move the file to another folder; the new rows then begin a new one. Then tell the"
                         " ledger: `event-archiver recover --discard FILE`."};
}

std::vector<async::error> folder_mistakes(const lake::file_map& files, const table_description& table,
                                          std::string_view time_column, const std::set<lake::day>& due) {
    std::vector<async::error> found;
    const auto is_other = [&time_column](const std::string& name) { return name != time_column; };
    const bool by_other_columns = std::ranges::any_of(files.time_columns(), is_other);
    for (auto each = files.begin(); each != files.end(); ++each) {
        if (!by_other_columns && !each.is(lake::file_trait::mistaken) && !is_near(each.key().which, due))
            continue;
        const auto [key, file] = *each;
        if (auto mistake = mark_mistake(file))
            found.push_back(*std::move(mistake));
        if (auto mistake = time_mistake(file, table, time_column))
            found.push_back(*std::move(mistake));
        const auto& mark = file.mark.mark;
        if (mark && !mark->restored && is_near(key.which, due) &&
            choose_look(mark->now, table) == moved_look::impossible)
            found.push_back(cannot_be_told(file, table));
    }
    return found;
}

} // namespace archive
