// Judges whether a line of a day file is as it must be. `verify` uses it, and so does the check before rows
// are appended to a file that others may have written. Pure.
#pragma once

#include "lake/day.hpp"
#include "lake/difference.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lake {

// A column of the key: its plain name, and its type as format_type gives it.
struct expected_key {
    std::string column;
    std::string type;
};

// What the file should be.
struct expected_file {
    day which;
    std::string header;           // of the table today
    std::uint64_t header_crc = 0; // of the header it was written with, by its mark; 0: not known
    std::string time_column;      // plain
    std::vector<expected_key> keys;
};

struct row_mistake {
    difference_kind kind;
    std::uint64_t byte = 0;  // within the row, where it is one byte that is wrong
    std::string description; // "its key is NULL": never a value
};

class row_judge {
  public:
    // `expected` must outlive the judge.
    explicit row_judge(const expected_file& expected);

    // Takes the first line, with its newline; returns what is wrong with it, or "". Throws csv::malformed if
    // it does not even name the columns that rows are judged by.
    [[nodiscard]] std::string take_header(std::string_view line);
    // Judges a row as csv::row_scanner hands it over, once there was a header, and returns the first mistake
    // in it. A row of kind `wrong_day` is whole and has a key; a row of any other kind need not have one.
    [[nodiscard]] std::optional<row_mistake> judge(std::string_view row);
    // The fields of the key of the row judged last, unquoted, if it has one.
    [[nodiscard]] const std::vector<std::string>& key() const noexcept { return key_; }

  private:
    [[nodiscard]] std::optional<row_mistake> judge_keys(std::string_view row);
    [[nodiscard]] std::optional<row_mistake> judge_time_of(std::string_view row);

    const expected_file& expected_;
    std::string day_text_;
    std::size_t fields_ = 0; // in the header
    std::size_t time_position_ = 0;
    std::vector<std::size_t> key_positions_;
    std::vector<std::size_t> ends_; // of the fields up to the last one of interest
    std::string storage_;
    std::vector<std::string> key_;
};

} // namespace lake
