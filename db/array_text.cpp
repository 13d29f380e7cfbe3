#include "db/array_text.hpp"

namespace db {

void array_text::separate() {
    if (elements_.size() > 1)
        elements_ += ',';
}

void array_text::add(std::string_view element) {
    separate();
    elements_ += '"';
    for (const char letter : element) {
        if (letter == '"' || letter == '\\')
            elements_ += '\\';
        elements_ += letter;
    }
    elements_ += '"';
}

void array_text::add_null() {
    separate();
    elements_ += "NULL";
}

} // namespace db
