#include "app/text/text_table.hpp"

#include "app/text/printable.hpp"

#include <algorithm>

namespace app {

namespace {

constexpr std::string_view gap = "  ";

} // namespace

text_table::text_table(std::string_view alignment, std::vector<std::string> headings)
    : alignment_(alignment) {
    add(std::move(headings));
}

void text_table::add(std::vector<std::string> cells) {
    cells.resize(alignment_.size());
    std::ranges::transform(cells, cells.begin(), [](const std::string& each) { return printable(each); });
    rows_.push_back(std::move(cells));
}

std::string text_table::text() const {
    std::vector<std::size_t> widths(alignment_.size());
    for (const auto& row : rows_)
        for (std::size_t column = 0; column < row.size(); ++column)
            widths[column] = std::max(widths[column], row[column].size());
    std::string text;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t column = 0; column < row.size(); ++column) {
            const auto filling = std::string(widths[column] - row[column].size(), ' ');
            line += column == 0 ? std::string_view() : gap;
            line += alignment_[column] == 'r' ? filling + row[column] : row[column] + filling;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    return text;
}

} // namespace app
