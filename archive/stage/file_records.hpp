// What was recorded of a file when we last wrote to it: by its mark, or else by the ledger. The ledger is
// read once, and only if a file needs it.
// Tested by tests/fault/test_ledger.py and tests/fault/test_changed_types.py.
#pragma once

#include "archive/table/table.hpp"
#include "archive/table/types_judge.hpp"
#include "db/position.hpp"
#include "lake/folder/listed_file.hpp"
#include "lake/ledger/ledger.hpp"

#include <optional>

namespace archive {

class file_records {
  public:
    // `book`: null: it is not asked. All must outlive it.
    file_records(lake::ledger* book, const table_description& table, const db::server_position& here)
        : book_(book)
        , types_(table, here) {}

    // The content of the file; nullopt if we never wrote rows to it.
    [[nodiscard]] async::awaitable<std::optional<lake::file_record>>
    content_of(const lake::listed_file& file);
    // Before the types of its columns are judged.
    [[nodiscard]] async::awaitable<void> learn_types(const lake::file_record& written);
    [[nodiscard]] types_judge& types() noexcept { return types_; }

  private:
    [[nodiscard]] async::awaitable<void> read_ledger();

    lake::ledger* book_;
    std::optional<lake::ledger_state> known_; // once it was needed
    types_judge types_;
};

} // namespace archive
