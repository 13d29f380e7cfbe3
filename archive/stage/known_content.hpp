// Whether a file that others have written to still begins with its recorded content. The caller feeds it
// while it reads the file.
#pragma once

#include "async/log.hpp"
#include "lake/content/content_check.hpp"
#include "lake/folder/listed_file.hpp"
#include "lake/mark/mark.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace archive {

class known_content {
  public:
    // `record`: bytes and checksum of what it held. `header`: the header line that it began with.
    known_content(const lake::file_record& record, std::string_view header);

    // Bytes as stored, from the first on.
    void feed(std::span<const std::byte> stored) noexcept;
    // Rows as they come, whichever program wrote them: quotes and line ends are first made those of COPY.
    void row(std::string_view text);

    // True if it begins with the very bytes or with the same rows. Of a compressed file the rows can be
    // compared if the checksum of its CSV is recorded.
    [[nodiscard]] bool is_there() const noexcept { return bytes_alike_ || rows_alike_; }

  private:
    std::uint64_t size_; // as stored
    std::uint64_t crc_;
    std::uint64_t csv_size_;
    std::uint64_t csv_crc_;
    std::uint64_t seen_ = 0;
    std::uint64_t seen_crc_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t written_crc_ = 0;
    bool bytes_alike_ = false;
    bool rows_alike_ = false;
};

// For a file that does not begin with its recorded content: throws async::error(integrity) unless others have
// only compressed it again.
void must_be_compressed_again(async::log& log, const lake::listed_file& file, std::uint64_t rows,
                              const lake::file_record& known);

// Of a file that was read to its end. `header_crc`: of its header line, as COPY writes it.
[[nodiscard]] lake::file_record record_of(const lake::content_check& seen, std::uint64_t header_crc,
                                          bool compressed);

} // namespace archive
