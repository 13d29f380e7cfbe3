#include "archive/table/row_batch.hpp"

namespace archive {

void row_batch::add(std::string_view row) {
    text.append(row);
    ends.push_back(text.size());
}

std::string_view row_batch::row(std::size_t number) const noexcept {
    const auto begin = number == 0 ? 0 : ends[number - 1];
    return std::string_view(text).substr(begin, ends[number] - begin);
}

void row_batch::clear() noexcept {
    text.clear();
    ends.clear();
}

} // namespace archive
