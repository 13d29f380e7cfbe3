// The values of a mark that are records: a transaction, the writer of a file, the file before its tail. What
// reads throws std::invalid_argument, with a clause that says what is wrong.
// Tested by tests/unit/lake/mark/mark_test.cpp and mark_mistake_test.cpp.
#pragma once

#include "lake/mark/mark.hpp"
#include "lake/mark/mark_text.hpp"

#include <string>
#include <string_view>

namespace lake {

[[nodiscard]] std::string transaction_text(const db::transaction_mark& author);
[[nodiscard]] db::transaction_mark transaction_from(const mark_text::field_map& fields);

// `quoted`: names stand in the quotes of SQL, as 0.1.0 wrote them.
[[nodiscard]] std::string writer_text(const file_record& record);
void read_writer(file_record& record, const mark_text::field_map& fields, bool quoted);

// The writer and the size of what was there before the tail.
[[nodiscard]] std::string base_text(const file_record& base);
[[nodiscard]] file_record base_from(std::string_view text, bool quoted);

} // namespace lake
