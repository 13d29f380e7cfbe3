// Aligned columns without borders.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace app {

class text_table {
  public:
    // For each column a letter, 'l' or 'r', for the side its cells are aligned to, and its heading.
    text_table(std::string_view alignment, std::vector<std::string> headings);

    // Cells are made printable.
    void add(std::vector<std::string> cells);
    // No space at the ends of lines. A row that would be wider than `width` columns (0: there is no limit)
    // has its last cell below it, broken between words. A heading of the last column that does not fit, or
    // has nothing below it, is left out.
    [[nodiscard]] std::string text(std::size_t width = 0) const;

  private:
    [[nodiscard]] std::string line_of(const std::vector<std::string>& row,
                                      const std::vector<std::size_t>& widths, std::size_t count) const;

    std::string alignment_;
    std::vector<std::vector<std::string>> rows_;
};

} // namespace app
