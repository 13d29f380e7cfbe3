#include "archive/table/renamed_columns.hpp"

#include <algorithm>
#include <cstddef>

namespace archive {

namespace {

bool is_in_file(std::string_view name, std::span<const std::string> file) {
    return std::ranges::find(file, name) != file.end();
}

bool is_in_table(std::string_view name, std::span<const column_place> table) {
    return std::ranges::find(table, name, &column_place::name) != table.end();
}

} // namespace

bool may_be_another_column(std::string_view name, std::span<const std::string> file,
                           std::span<const column_place> table) {
    const auto before_in_file =
        file.first(static_cast<std::size_t>(std::ranges::find(file, name) - file.begin()));
    const auto before_in_table = table.first(
        static_cast<std::size_t>(std::ranges::find(table, name, &column_place::name) - table.begin()));
    std::ptrdiff_t of_file_alone = 0;
    for (const auto& each : before_in_file) {
        if (is_in_table(each, table) && !is_in_table(each, before_in_table))
            return true;
        of_file_alone += is_in_table(each, table) ? 0 : 1;
    }
    std::ptrdiff_t of_table_alone = 0;
    std::ptrdiff_t dropped = 0;
    for (const auto& each : before_in_table) {
        if (is_in_file(each.name, file) && !is_in_file(each.name, before_in_file))
            return true;
        dropped += each.name.empty() ? 1 : 0;
        of_table_alone += each.name.empty() || is_in_file(each.name, file) ? 0 : 1;
    }
    // A table that was made again, as pg_restore does, has no places of dropped columns.
    const auto live =
        std::ranges::count_if(table, [](const column_place& each) { return !each.name.empty(); });
    const bool made_again = static_cast<std::ptrdiff_t>(file.size()) > live;
    const auto gone = of_file_alone - of_table_alone;
    return gone < 0 || (gone > dropped && !made_again);
}

} // namespace archive
