#include "archive/look/readable_part.hpp"

namespace archive {

std::optional<readable_part> readable_part_of(const lake::listed_file& file, unsettled_rows unsettled) {
    const auto size = file.properties.size;
    const auto& mark = file.mark.mark;
    if (!mark || mark->now.bytes != size)
        return readable_part{size, std::nullopt};
    std::optional<lake::file_record> content = mark->now;
    if (unsettled == unsettled_rows::left_out && mark->pending)
        content = mark->base;
    if (!content || content->rows == 0)
        return std::nullopt;
    return readable_part{content->bytes, content};
}

} // namespace archive
