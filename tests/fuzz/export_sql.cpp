// The SQL of a task: whatever it is, the answer is a clause of one line or a text, and percent signs come
// back as they were meant.
#include "db/sql/words.hpp"
#include "exports/task/delete_statement.hpp"
#include "exports/task/placeholders.hpp"
#include "exports/task/select_shape.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <cstdint>

namespace {

void check_mistake(const std::string& mistake) {
    check(mistake.starts_with("line ") && mistake.size() < 300, "it is a clause with a line");
    check(std::all_of(mistake.begin(), mistake.end(), [](char c) { return c >= ' ' && c <= '~'; }),
          "it is one printable line");
}

void check_placeholders(std::string_view sql) {
    const auto bound = exports::bind_boundary(sql, "B");
    if (!bound.mistake.empty()) {
        check_mistake(bound.mistake);
        check(bound.text.empty(), "a mistake and a text exclude each other");
    }
    std::string doubled;
    for (const char letter : sql)
        doubled += letter == '%' ? std::string("%%") : std::string(1, letter);
    const auto again = exports::bind_boundary(doubled, "B");
    const bool marked = sql.starts_with(db::byte_order_mark);
    check(again.mistake.empty() && again.text == sql.substr(marked ? 3 : 0),
          "doubled percent signs come back");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view sql(reinterpret_cast<const char*>(data), size);
    check_placeholders(sql);
    const auto words = db::words_of(sql);
    const auto shape = exports::shape_of_select(sql);
    const auto removal = exports::shape_of_delete(sql).mistake;
    for (const auto* const mistake : {&words.mistake, &shape.mistake, &removal})
        if (!mistake->empty())
            check_mistake(*mistake);
    check(words.mistake.empty() || (!shape.mistake.empty() && !removal.empty()),
          "what has no words is no statement");
    check(!shape.mistake.empty() || !removal.empty(), "nothing is a COPY and a DELETE");
    // A comment more does not matter.
    check(sql.starts_with(db::byte_order_mark) ||
              exports::shape_of_select("/* ; ' */" + std::string(sql)).mistake.empty() ==
                  shape.mistake.empty(),
          "comments are passed over");
    return 0;
}
