// Aligned columns without borders.
#pragma once

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
    // No space at the ends of lines.
    [[nodiscard]] std::string text() const;

  private:
    std::string alignment_;
    std::vector<std::vector<std::string>> rows_;
};

} // namespace app
