#include "archive/stage/known_content.hpp"

#include "archive/stage/file_rows.hpp"
#include "azure/blob/crc64.hpp"
#include "lake/folder/file_store.hpp"

#include <algorithm>

namespace archive {

known_content::known_content(const lake::file_record& record, std::string_view header)
    : size_(record.bytes)
    , crc_(record.crc)
    , csv_size_(record.csv_crc != 0 ? record.uncompressed : record.bytes)
    , csv_crc_(record.csv_crc != 0 ? record.csv_crc : record.crc)
    , written_(header.size())
    , written_crc_(azure::crc64(0, lake::bytes_of(header)))
    , bytes_alike_(record.bytes == 0)
    , rows_alike_(written_ == csv_size_ && written_crc_ == csv_crc_) {}

void known_content::feed(std::span<const std::byte> stored) noexcept {
    if (seen_ >= size_)
        return;
    const auto part =
        stored.first(static_cast<std::size_t>(std::min<std::uint64_t>(stored.size(), size_ - seen_)));
    seen_crc_ = azure::crc64(seen_crc_, part);
    seen_ += part.size();
    bytes_alike_ = seen_ == size_ && seen_crc_ == crc_;
}

void known_content::row(std::string_view text) {
    if (rows_alike_ || written_ >= csv_size_)
        return;
    const auto copied = as_copy_writes(text);
    written_crc_ = azure::crc64(written_crc_, lake::bytes_of(copied));
    written_ += copied.size();
    rows_alike_ = written_ == csv_size_ && written_crc_ == csv_crc_;
}

// What 0.1.0 recorded of a gzip file is the checksum of its compressed bytes, and others compress otherwise.
void must_be_compressed_again(async::log& log, const lake::listed_file& file, std::uint64_t rows,
                              const lake::file_record& known) {
    const auto& name = file.properties.name;
    if (!file.compressed() || file.mark.mark || rows < known.rows || known.csv_crc != 0)
        throw changed_by_others(name);
    log.warn("day.compressed_again",
             "others compressed a file again: its rows were counted but could not be compared",
             {{"day", file.key().which.text()}, {"blob", name}, {"rows", rows}, {"rows_known", known.rows}});
}

lake::file_record record_of(const lake::content_check& seen, std::uint64_t header_crc, bool compressed) {
    lake::file_record record;
    record.header = header_crc;
    record.bytes = seen.bytes();
    record.crc = seen.crc();
    record.rows = seen.lines() > 0 ? seen.lines() - 1 : 0;
    if (compressed) {
        record.uncompressed = seen.csv_bytes();
        record.csv_crc = seen.csv_crc();
    }
    return record;
}

} // namespace archive
