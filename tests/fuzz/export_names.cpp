// Names and marks of exported files: what is read comes back from its own text, and no name leads out of its
// directory.
#include "exports/sink/hidden_name.hpp"
#include "exports/sink/mark.hpp"
#include "exports/task/file_name.hpp"
#include "tests/fuzz/check.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto name = exports::file_name::from_text(text)) {
        check(name->text() == text, "a name comes back");
        check(text.find('/') == std::string_view::npos && !text.starts_with('.'),
              "it stays in its directory");
    }
    if (const auto hidden = exports::hidden_name::from_text(text))
        check(text == hidden->part() || text == hidden->pending() || text == hidden->pending() + ".part",
              "a hidden name comes back");
    const auto mark = exports::mark_from(text);
    if (const auto* read = std::get_if<exports::file_mark>(&mark)) {
        const auto again = exports::mark_from(exports::text_of(*read));
        check(std::holds_alternative<exports::file_mark>(again) &&
                  std::get<exports::file_mark>(again) == *read,
              "a mark comes back");
    }
    return 0;
}
