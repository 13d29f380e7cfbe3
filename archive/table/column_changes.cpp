#include "archive/table/column_changes.hpp"

#include <algorithm>

namespace archive {

bool column_changes::is_unchanged(std::size_t column) const {
    return !other_types || (places && std::ranges::find(*places, column) == places->end());
}

column_changes changes_since(std::span<const typed_column> columns, const type_definitions& definitions,
                             std::uint64_t written, labels_since added, const lake::types_texts& texts) {
    column_changes found;
    if (const auto then = types_from(texts, written)) {
        if (definitions_kept(*then, columns, definitions, added))
            found.places = changed_columns(*then, columns);
        found.other_types = !found.places || !found.places->empty();
        if (found.places && found.places->size() == 1)
            found.only = earlier_type{found.places->front(), then->columns[found.places->front()].type};
        return found;
    }
    found.other_types = !had_these_types(columns, definitions, written, added);
    if (found.other_types)
        found.only = type_when_written(columns, definitions, written);
    if (found.only) // it explains all: the definitions of the others are the same
        found.places.emplace(1, found.only->column);
    return found;
}

} // namespace archive
