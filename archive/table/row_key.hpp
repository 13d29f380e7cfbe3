// The key of a row, from the row's own CSV. Rows are looked up by it; their bytes tell whether two are the
// same.
// Tested by tests/integration/test_keys.py.
#pragma once

#include "archive/table/table.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

class row_key {
  public:
    // Rows of the table's columns.
    explicit row_key(const table_description& table);
    // Rows of other columns, plain names, which must have those of the key among them.
    row_key(const table_description& table, const std::vector<std::string>& columns);

    // Unquoted, in the order of the key.
    [[nodiscard]] std::vector<std::string> fields_of(std::string_view row);
    [[nodiscard]] std::uint64_t hash_of(std::string_view row);

  private:
    std::vector<std::size_t> positions_;
    std::vector<std::size_t> ends_; // of the fields up to the last one of the key
    std::string storage_;
};

// Of a row as it stands in a file, its newline included.
[[nodiscard]] std::uint64_t row_crc(std::string_view row) noexcept;
// One text for several fields; different fields give different texts.
[[nodiscard]] std::string joined_key(const std::vector<std::string>& fields);
// "id", "tenant, id": for a sentence.
[[nodiscard]] std::string key_names(const table_description& table);
// "t.a = s.a AND t.b = s.b": joins the rows of two tables or aliases.
[[nodiscard]] std::string same_key(const table_description& table, std::string_view left,
                                   std::string_view right);

} // namespace archive
