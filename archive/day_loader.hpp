// Rows of a day file back into a table, inside somebody's transaction: by key, so that loading twice is
// loading once, and compared before anybody commits.
#pragma once

#include "archive/lake.hpp"
#include "archive/table.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>

namespace archive {

struct loaded_file {
    file_record content;             // of the file as it was read; run, transaction and position are empty
    std::uint64_t rows_inserted = 0; //
    std::uint64_t rows_present = 0;  // the table had them already, each as it is in the file
};

class day_loader {
  public:
    // One for a transaction. `session`, `lake` and `target` must outlive it.
    day_loader(db::connection& session, archive::lake& folder, const table_description& target)
        : session_(session)
        , lake_(folder)
        , target_(target) {}

    // Every row of exactly this version of the file is in the table when this returns, as it is in the file.
    // Throws async::error(integrity) if the file is not what its mark says, or the table has a row of its key
    // with other content; async::error(precondition) if its columns are not the table's; conflict if somebody
    // else wrote to the file meanwhile.
    [[nodiscard]] awaitable<loaded_file> load(const lake_file& file);

  private:
    [[nodiscard]] awaitable<loaded_file> copy(const lake_file& file);
    [[nodiscard]] awaitable<std::uint64_t> insert(const lake_file& file);
    [[nodiscard]] awaitable<void> compare(const lake_file& file);

    db::connection& session_;
    archive::lake& lake_;
    const table_description& target_;
    bool staged_before_ = false;
};

} // namespace archive
