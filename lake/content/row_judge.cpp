#include "lake/content/row_judge.hpp"

#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/encoding.hpp"
#include "csv/field_ends.hpp"
#include "csv/row_scanner.hpp"
#include "lake/content/written_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <stdexcept>

namespace lake {

row_judge::row_judge(const expected_file& expected)
    : expected_(expected)
    , day_text_(expected.which.text()) {}

// A file keeps the header it was written with, though the table's columns may have changed since.
std::string row_judge::take_header(std::string_view line) {
    line = csv::without_byte_order_mark(line);
    const bool as_written =
        expected_.header_crc != 0 && azure::crc64(0, std::as_bytes(std::span(line))) == expected_.header_crc;
    auto mistake = as_written ? std::string() : csv::header_mistake(line, expected_.header);
    std::vector<std::string> names;
    try {
        names = csv::split_row(mistake.empty() ? line : std::string_view(expected_.header));
    } catch (const std::invalid_argument& broken) {
        throw csv::malformed(broken.what(), 1, 0);
    }
    const auto position_of = [&names](const std::string& name) {
        return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    };
    fields_ = names.size();
    time_position_ = position_of(expected_.time_column);
    auto last = time_position_;
    key_positions_.clear();
    for (const auto& key : expected_.keys) {
        key_positions_.push_back(position_of(key.column));
        last = std::max(last, key_positions_.back());
    }
    if (last >= fields_)
        throw csv::malformed("the header names neither time nor key", 1, 0);
    ends_.resize(last + 1);
    return mistake;
}

std::optional<row_mistake> row_judge::judge(std::string_view row) {
    key_.clear();
    const auto fields = csv::find_field_ends(row, ends_);
    if (fields != fields_)
        return row_mistake{difference_kind::malformed, 0,
                           fmt::format("a row of {} fields where the header has {}", fields, fields_)};
    if (const auto byte = csv::find_no_text(row))
        return row_mistake{difference_kind::malformed, *byte,
                           row[*byte] == '\0' ? "a zero byte" : "a byte that is not UTF-8"};
    if (auto wrong = judge_keys(row))
        return wrong;
    return judge_time_of(row);
}

std::optional<row_mistake> row_judge::judge_keys(std::string_view row) {
    for (std::size_t each = 0; each < key_positions_.size(); ++each) {
        const auto& [column, type] = expected_.keys[each];
        const auto raw = csv::raw_field(row, ends_, key_positions_[each]);
        if (raw.empty())
            return row_mistake{difference_kind::malformed, 0, fmt::format("its key '{}' is NULL", column)};
        const auto key = csv::unquoted(raw, storage_);
        if (!is_written_key(type, key))
            return row_mistake{
                difference_kind::malformed, 0,
                fmt::format("its key '{}' is not of type {} as PostgreSQL writes it", column, type)};
        key_.emplace_back(key);
    }
    return std::nullopt;
}

std::optional<row_mistake> row_judge::judge_time_of(std::string_view row) {
    const auto text = csv::unquoted(csv::raw_field(row, ends_, time_position_), storage_);
    const auto judged = judge_time(day_text_, text);
    if (judged == written_time::of_day)
        return std::nullopt;
    return row_mistake{difference_kind::wrong_day, 0,
                       judged == written_time::of_other_day
                           ? "its time is not of this day"
                           : "its time is not as PostgreSQL writes it (YYYY-MM-DD HH:MM:SS)"};
}

} // namespace lake
