// Loads rows of day files back into a table, inside the caller's transaction: by key, so that loading twice
// has the effect of loading once, and compared with the bytes of the files before COMMIT.
// Tested by tests/integration/test_restore.py.
#pragma once

#include "archive/run/lines_to_load.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "lake/content/content_digest.hpp"
#include "lake/folder/folder.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

struct loaded_file {
    lake::file_record content;       // of the file as it was read; run, transaction and position are empty
    std::uint64_t rows_inserted = 0; //
    std::uint64_t rows_present = 0;  // the table had rows with their keys already
    bool begins_as_recorded = true;  // with the rows that its mark or the ledger knows
};

// Which columns a file may have.
enum class loaded_columns : std::uint8_t {
    those_of_the_table, // exactly these, in their order
    some_of_the_table,  // the others take their defaults
};

class day_loader {
  public:
    // One for a transaction. `session`, `lake` and `target` must outlive it.
    day_loader(db::connection& session, lake::folder& folder, const table_description& target,
               loaded_columns allowed)
        : session_(session)
        , lake_(folder)
        , target_(target)
        , allowed_(allowed) {}

    // Inserts each row of exactly this version of the file whose key the table does not have; `file` must
    // live until `prove`. Throws async::error that names the file: integrity if it is not what its mark says,
    // is malformed, or a key is taken; precondition if its columns or its values do not fit the table, or no
    // partition takes them. Throws conflict if somebody else wrote to it meanwhile.
    // `recorded`: what it held when this program last wrote to it.
    [[nodiscard]] awaitable<loaded_file> load(const lake::listed_file& file,
                                              std::optional<lake::file_record> recorded);

    // Once all files are loaded, and all constraints and triggers have run: proves that COPY of the table
    // returns exactly the files' rows. Throws async::error(integrity) that names file, columns and keys.
    [[nodiscard]] awaitable<void> prove();

  private:
    // The stage belongs to this transaction and ends with it. Its rows are numbered.
    static constexpr std::string_view stage = "pg_temp.event_archiver_restore";

    struct staged_file {
        const lake::listed_file* file;
        lake::day which;
        std::uint64_t first_row; // numbers of its rows in the stage: first_row, …
        std::uint64_t rows;
    };

    [[nodiscard]] awaitable<void> make_stage(const lake::listed_file& file);
    [[nodiscard]] awaitable<loaded_file> copy(const lake::listed_file& file, lake::day which,
                                              std::optional<lake::file_record> recorded);
    [[nodiscard]] awaitable<void> must_have_partition(const staged_file& staged);
    [[nodiscard]] awaitable<std::uint64_t> insert(const staged_file& staged);
    [[nodiscard]] awaitable<void> stage_texts(const staged_file& staged);
    [[nodiscard]] awaitable<void> explain(const staged_file& staged);

    [[nodiscard]] std::string column_list(std::string_view prefix = {}) const;
    [[nodiscard]] std::string same_row() const;
    [[nodiscard]] std::string analyze_sql() const;

    db::connection& session_;
    lake::folder& lake_;
    const table_description& target_;
    loaded_columns allowed_;
    loaded_shape shape_; // of the files
    std::string number_; // the column of the stage for the numbers of rows
    std::vector<staged_file> staged_;
    std::uint64_t rows_ = 0; // staged so far
    std::map<lake::day, lake::content_digest> expected_;
};

} // namespace archive
