// `cat`: the rows of archived days as one CSV, in the order of days, as the files have them.
// Tested by tests/integration/test_cat.py.
#pragma once

#include "archive/look/readable_part.hpp"
#include "archive/report.hpp"
#include "archive/settings.hpp"
#include "archive/table/row_filter.hpp"
#include "db/session_scope.hpp"
#include "lake/day_range.hpp"
#include "lake/folder/folder.hpp"

#include <functional>
#include <string>
#include <vector>

namespace archive {

struct cat_request {
    lake::day_range days;
    std::string where; // a condition in SQL that rows must meet; empty: all rows
    unsettled_rows unsettled = unsettled_rows::left_out;
};

// Gets whole lines, the header first. Returns false once their reader is gone.
using line_sink = std::function<awaitable<bool>(std::string)>;

struct cat_context {
    const archive::settings& settings;
    db::database_access database; // asked only where there is a condition
    lake::folder& lake;
    run_report& report;
};

class day_printer {
  public:
    day_printer(cat_context context, cat_request request, line_sink sink);

    // Holds a few MiB at most, and a row. Throws async::error: precondition if no file holds a row of these
    // days, or their files have different columns; integrity if a file is missing or is not what its mark
    // says: rows that come before have been handed over then.
    [[nodiscard]] awaitable<void> print();

  private:
    struct chosen_file {
        lake::listed_file file;
        readable_part part;
    };
    // A file as it is read.
    struct reading {
        std::uint64_t lines = 0;
        std::uint64_t bytes = 0;
        std::uint64_t crc = 0;
    };

    [[nodiscard]] awaitable<void> choose();
    [[nodiscard]] awaitable<void> print_matching(db::connection& session);
    [[nodiscard]] awaitable<void> print_all(row_filter* filter);
    [[nodiscard]] awaitable<void> print_file(const chosen_file& chosen, row_filter* filter);
    void take_line(const chosen_file& chosen, reading& so_far, std::string_view line);
    void take_header(const lake::listed_file& file, std::string_view line);
    [[nodiscard]] awaitable<void> hand_over(const chosen_file& chosen, row_filter* filter);

    cat_context context_;
    cat_request request_;
    line_sink sink_;
    lake::file_map present_;
    lake::types_texts types_; // as the ledger has them
    std::vector<lake::file_key> chosen_;
    named_table table_;           // where there is a condition
    std::string altered_;         // one that differs from the ledger
    std::string header_;          // of the files, with its newline; empty: not known yet
    bool header_printed_ = false; // and PostgreSQL knows its columns, where there is a condition
    std::string header_of_;       // the name of the file it is from
    row_batch batch_;
    bool wanted_ = true; // the output has a reader
};

} // namespace archive
