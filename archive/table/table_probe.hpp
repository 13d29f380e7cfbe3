// Which rows of a file the table has as well, byte for byte or by key alone: asked in batches while the file
// is read. Keys of one day are near each other as a rule, so a batch of integers is one question about a
// range.
// Tested by tests/integration/test_verify.py.
#pragma once

#include "archive/table/row_lookup.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "lake/content/file_reading.hpp"
#include "lake/difference.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

class table_probe {
  public:
    // All references must outlive the probe.
    // `columns`: of the file; none if rows of it and of the table cannot be compared.
    table_probe(db::connection& session, const table_description& table, std::vector<std::string> columns,
                lake::difference_list& found);

    // `content`: lake::content_hash of the row.
    void add(const lake::placed_row& row, std::uint64_t content);
    [[nodiscard]] bool due() const noexcept {
        return places_.size() >= rows_per_question || bytes_ >= bytes_max;
    }
    // Asks for the rows added since; what the table has is a difference `in_table` or `key_in_table`.
    [[nodiscard]] awaitable<void> ask();

  private:
    static constexpr std::size_t rows_per_question = 4'096;

    [[nodiscard]] awaitable<bool> none_in_range();

    static constexpr std::size_t bytes_max = std::size_t{256} * 1024; // a key may be of any length
    static constexpr std::size_t kept_field_max = 64;

    db::connection& session_;
    const table_description& table_;
    lake::difference_list& found_;
    std::vector<std::string> columns_;
    bool comparable_;
    bool integers_;                     // the key is one of them
    std::vector<std::int64_t> numbers_; // the keys, if they are
    // As many as there are places count; the memory of short ones is used again.
    std::vector<wanted_row> rows_;
    std::size_t bytes_ = 0;   // of their keys
    std::size_t longest_ = 0; // field of a key
    std::vector<lake::row_place> places_;
};

} // namespace archive
