// An array as PostgreSQL reads it from a text: {"a","b",NULL}.
// Tested by tests/unit/db/quote_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace db {

class array_text {
  public:
    void add(std::string_view element);
    void add_null();
    // For a parameter; `connection::literal` makes it part of a statement.
    [[nodiscard]] std::string text() const { return elements_ + '}'; }

  private:
    void separate();
    std::string elements_ = "{";
};

} // namespace db
