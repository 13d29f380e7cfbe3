#include "archive/run/lines_to_load.hpp"

#include "archive/table/file_header.hpp"
#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "csv/field_ends.hpp"
#include "lake/folder/file_store.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace archive {

using async::failure;

async::error cannot_be_restored(const lake::listed_file& file, std::string_view why) {
    return {failure::integrity, fmt::format("'{}' cannot be restored: {}", file.properties.name, why),
            "Nothing of it was restored. `event-archiver verify` tells where."};
}

lines_to_load::lines_to_load(const lake::listed_file& file, const loaded_shape& shape,
                             std::optional<lake::file_record> recorded, lake::content_digest& digest,
                             std::uint64_t& last_row, std::uint64_t row_bytes_max)
    : file_(file)
    , shape_(shape)
    , digest_(digest)
    , last_row_(last_row)
    , day_text_(file.key().which.text() + ' ')
    , ends_(shape.time_position + 1)
    , scanner_(
          file.compressed(), [this](std::string_view line) { take_line(line); }, csv::line_ends::lf_or_crlf,
          row_bytes_max) {
    content_.header = azure::crc64(0, lake::bytes_of(shape.header));
    if (!recorded || is_as_marked(file))
        return;
    recorded_ = std::move(recorded);
    known_.emplace(*recorded_, shape.header);
}

template <typename Step>
void lines_to_load::guarded(Step step) const {
    try {
        step();
    } catch (const std::invalid_argument& broken) {
        throw cannot_be_restored(file_, broken.what());
    }
}

void lines_to_load::give(std::span<const std::byte> stored) {
    content_.crc = azure::crc64(content_.crc, stored);
    content_.bytes += stored.size();
    if (known_)
        known_->feed(stored);
    guarded([&] { scanner_.give(stored); });
}

bool lines_to_load::step() {
    bool more = false;
    guarded([&] { more = scanner_.step(); });
    return more;
}

void lines_to_load::finish() {
    guarded([&] { scanner_.finish(); });
}

lake::file_record lines_to_load::content() const {
    auto content = content_;
    content.rows = lines_ > 0 ? lines_ - 1 : 0;
    if (file_.compressed()) {
        content.uncompressed = scanner_.csv_bytes();
        content.csv_crc = as_copied_ ? csv_crc_ : 0;
    }
    return content;
}

// What 0.1.0 recorded of a gzip file is the checksum of its compressed bytes, and others compress otherwise.
bool lines_to_load::is_compressed_again() const {
    return file_.compressed() && !file_.mark.mark && content().rows >= recorded_->rows &&
           recorded_->csv_crc == 0;
}

bool lines_to_load::begins_as_recorded() const {
    return !known_ || known_->is_there() || is_compressed_again();
}

void lines_to_load::take_line(std::string_view line) {
    auto row = line;
    const auto end = csv::ends_in_crlf(row) ? std::string_view("\r\n") : std::string_view("\n");
    const bool ended = row.ends_with(end);
    if (ended)
        row.remove_suffix(end.size());
    as_copied_ = as_copied_ && ended && end.size() == 1;
    if (file_.compressed())
        csv_crc_ = azure::crc64(csv_crc_, lake::bytes_of(line));
    if (lines_++ == 0)
        take_header(row);
    else
        take_row(row);
    offset_ += line.size();
}

// At once: its rows have other fields.
void lines_to_load::take_header(std::string_view header) {
    const auto line = fmt::format("{}\n", header);
    as_copied_ = as_copied_ && line == shape_.header;
    if (const auto mistake = csv::header_mistake(line, shape_.header); !mistake.empty())
        throw async::error(
            failure::precondition,
            fmt::format("'{}' does not fit {}: {}", file_.properties.name, shape_.table, mistake),
            std::string(into_hint));
}

void lines_to_load::take_row(std::string_view row) {
    // COPY quotes only what needs it; others may quote more, and their rows may be in a file of ours.
    if (row.find('"') != std::string_view::npos) {
        canonical_ = csv::as_copy_quotes(row);
        as_copied_ = as_copied_ && canonical_ == row;
        row = canonical_;
    }
    if (csv::find_field_ends(row, ends_) != shape_.columns.size())
        throw csv::malformed("a row with another number of fields than the header", lines_, offset_);
    if (!csv::raw_field(row, ends_, shape_.time_position).starts_with(day_text_))
        throw csv::malformed("its time is not of this day", lines_, offset_);
    digest_.add(row);
    if (known_)
        known_->row(row);
    // COPY wants one kind of line end.
    rows_.append(fmt::format_int(++last_row_).c_str()).append(1, ',').append(row).push_back('\n');
}

} // namespace archive
