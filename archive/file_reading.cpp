#include "archive/file_reading.hpp"

#include "azure/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/field_ends.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace archive {

file_reading::file_reading(const expected_file& expected, bool compressed, difference_list& found,
                           row_sink take)
    : expected_(expected)
    , found_(found)
    , take_(std::move(take))
    , scanner_(compressed, [this](std::string_view line) { take_line(line); })
    , day_text_(expected.which.text()) {}

template <typename Step>
void file_reading::guarded(Step step) {
    if (broken_)
        return;
    try {
        step();
    } catch (const csv::malformed& broken) {
        broken_ = true;
        found_.add(difference_kind::malformed, {broken.row, broken.byte}, broken.reason);
    } catch (const std::invalid_argument& broken) { // of the compression
        broken_ = true;
        found_.add(difference_kind::malformed, {lines_ + 1, offset_}, broken.what());
    }
}

void file_reading::feed(std::span<const std::byte> stored) {
    crc_ = azure::crc64(crc_, stored);
    bytes_ += stored.size();
    guarded([&] { scanner_.feed(stored); });
}

void file_reading::finish() {
    guarded([&] { scanner_.finish(); });
    if (lines_ == 0 && !broken_)
        found_.add(difference_kind::header, {}, "it is empty");
}

void file_reading::take_line(std::string_view line) {
    if (++lines_ == 1)
        take_header(line);
    else
        take_row(line);
    offset_ += line.size();
}

// A file keeps the header it was written with, though the table's columns may have changed since.
void file_reading::take_header(std::string_view line) {
    line = csv::without_byte_order_mark(line);
    const bool as_written =
        expected_.header_crc != 0 && azure::crc64(0, std::as_bytes(std::span(line))) == expected_.header_crc;
    const auto mistake = as_written ? std::string() : csv::header_mistake(line, expected_.header);
    std::vector<std::string> names;
    try {
        names = csv::split_row(mistake.empty() ? line : std::string_view(expected_.header));
    } catch (const std::invalid_argument& broken) {
        throw csv::malformed(broken.what(), 1, 0);
    }
    const auto position_of = [&](const std::string& name) {
        return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    };
    fields_ = names.size();
    time_position_ = position_of(expected_.time_column);
    key_position_ = position_of(expected_.key_column);
    if (!mistake.empty())
        found_.add(difference_kind::header, {1, 0}, mistake);
    if (std::max(time_position_, key_position_) >= fields_)
        throw csv::malformed("the header names neither time nor key", 1, 0);
    ends_.resize(std::max(time_position_, key_position_) + 1);
}

void file_reading::take_row(std::string_view line) {
    ++rows_;
    const row_place at{lines_, offset_};
    const auto fields = csv::find_field_ends(line, ends_);
    if (fields != fields_) {
        found_.add(difference_kind::malformed, at,
                   fmt::format("a row of {} fields where the header has {}", fields, fields_));
        return;
    }
    // "2024-02-29 23:59:59.999", with or without an offset: the session that wrote it was in UTC.
    const auto time = csv::raw_field(line, ends_, time_position_);
    if (!time.starts_with(day_text_) || time.substr(day_text_.size(), 1) != " ")
        found_.add(difference_kind::wrong_day, at, "its time is not of this day");
    const auto key = csv::unquoted(csv::raw_field(line, ends_, key_position_), key_storage_);
    take_({at, line, key});
}

} // namespace archive
