// The lines of a day file on their way into the stage of a restore, as its bytes stream by: each is checked,
// numbered, and quoted as COPY quotes. Pure: the caller reads the file and sends the rows.
// Tested by tests/integration/test_restore.py.
#pragma once

#include "archive/stage/known_content.hpp"
#include "async/error.hpp"
#include "csv/file_scanner.hpp"
#include "lake/content/content_digest.hpp"
#include "lake/folder/listed_file.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

inline constexpr std::string_view into_hint =
    "Restore it with --into a table that is not there yet: it is made with the file's columns.";

// Says that nothing of the file was restored.
[[nodiscard]] async::error cannot_be_restored(const lake::listed_file& file, std::string_view why);

struct loaded_shape {
    std::string table;                // for messages
    std::vector<std::string> columns; // plain names, in the files' order
    std::string header;
    std::size_t time_position = 0; // in `columns`
};

class lines_to_load {
  public:
    // `recorded`: what the file is to begin with, unless its mark vouches for it. The rest must outlive this.
    // Rows are added to `digest`, and numbered from `last_row` + 1 on.
    lines_to_load(const lake::listed_file& file, const loaded_shape& shape,
                  std::optional<lake::file_record> recorded, lake::content_digest& digest,
                  std::uint64_t& last_row, std::uint64_t row_bytes_max);

    // As csv::file_scanner. Throw async::error(integrity) for a file that is malformed, and
    // async::error(precondition) for one with another header.
    void give(std::span<const std::byte> stored);
    [[nodiscard]] bool step();
    void finish();

    // Those that have been read and not sent: the caller clears it.
    [[nodiscard]] std::string& rows() noexcept { return rows_; }
    // Of the whole file, once it is finished.
    [[nodiscard]] lake::file_record content() const;
    [[nodiscard]] bool begins_as_recorded() const;

  private:
    template <typename Step>
    void guarded(Step step) const;
    void take_line(std::string_view line);
    void take_header(std::string_view header);
    void take_row(std::string_view row);
    [[nodiscard]] bool is_compressed_again() const;

    const lake::listed_file& file_;
    const loaded_shape& shape_;
    std::optional<lake::file_record> recorded_;
    std::optional<known_content> known_;
    lake::content_digest& digest_;
    std::uint64_t& last_row_;
    std::string day_text_;
    std::vector<std::size_t> ends_;
    csv::file_scanner scanner_;
    std::string rows_;
    std::string canonical_; // of the row at hand
    lake::file_record content_;
    std::uint64_t lines_ = 0;
    std::uint64_t offset_ = 0;
    std::uint64_t csv_crc_ = 0;
    bool as_copied_ = true; // each line is as COPY writes it
};

} // namespace archive
