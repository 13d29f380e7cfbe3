#include "app/text/text_table.hpp"

#include "app/text/printable.hpp"
#include "app/text/wrap.hpp"

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

std::string text_table::line_of(const std::vector<std::string>& row, const std::vector<std::size_t>& widths,
                                std::size_t count) const {
    std::string line;
    for (std::size_t column = 0; column < count; ++column) {
        const auto filling = std::string(widths[column] - columns_of(row[column]), ' ');
        line += column == 0 ? std::string_view() : gap;
        line += alignment_[column] == 'r' ? filling + row[column] : row[column] + filling;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

std::string text_table::text(std::size_t width) const {
    std::vector<std::size_t> widths(alignment_.size());
    for (const auto& row : rows_)
        for (std::size_t column = 0; column < row.size(); ++column)
            widths[column] = std::max(widths[column], columns_of(row[column]));
    const auto indent = widths.front() + gap.size();
    const bool last_is_empty =
        std::all_of(rows_.begin() + 1, rows_.end(), [](const auto& row) { return row.back().empty(); });
    std::string text;
    for (const auto& row : rows_) {
        const auto line = line_of(row, widths, row.size() - (last_is_empty ? 1 : 0));
        if (width == 0 || columns_of(line) <= width) {
            text += line + '\n';
            continue;
        }
        text += line_of(row, widths, row.size() - 1) + '\n';
        if (&row != &rows_.front() && !row.back().empty())
            text += std::string(indent, ' ') + wrapped(row.back(), width, indent, indent) + '\n';
    }
    return text;
}

} // namespace app
